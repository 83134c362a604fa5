#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {
namespace {

constexpr double kEpsilon = 1e-7;  // Keras'.
constexpr auto kHigher = MetricDirection::kHigherIsBetter;
constexpr auto kLower = MetricDirection::kLowerIsBetter;

using std::string;
using Row = LabelPredictionVectors::Row;
/// What one row adds: a value, whose weighted mean is the metric.
using RowValue = double (*)(const Row& row);

double Sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// The mean over the scores of a row; one label stands beside each of them.
template <class F>
double MeanOver(const Row& row, F each) {
  double sum = 0;
  for (size_t i = 0; i < row.prediction.size(); ++i)
    sum += each(row.label.size() == row.prediction.size() ? row.label[i] : row.label[0], row.prediction[i]);
  return sum / static_cast<double>(row.prediction.size());
}

size_t ArgMax(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

// The class the label names: a number, or the highest of a vector.
size_t ClassOf(const Row& row, bool is_sparse) {
  if (!is_sparse && row.label.size() == row.prediction.size()) return ArgMax(row.label);
  return static_cast<size_t>(std::max(row.label[0], 0.0));
}

double IsInTop(const Row& row, size_t class_id, size_t k) {
  if (class_id >= row.prediction.size()) return 0;
  size_t num_higher = 0;
  for (const double score : row.prediction) num_higher += score > row.prediction[class_id] ? 1 : 0;
  return num_higher < k ? 1 : 0;
}

// Hinges want labels of -1 and 1; those of 0 and 1 are turned into them.
double Signed(double label) { return label == 0 || label == 1 ? 2 * label - 1 : label; }

double Accuracy(const Row& row) {
  return MeanOver(row, [](double label, double prediction) { return label == prediction ? 1.0 : 0.0; });
}
double CategoricalAccuracy(const Row& row) { return ArgMax(row.prediction) == ClassOf(row, false) ? 1 : 0; }
double SparseCategoricalAccuracy(const Row& row) {
  return row.prediction.empty() ? 0 : static_cast<double>(ArgMax(row.prediction)) == row.label[0] ? 1 : 0;
}
double SparseCategoricalCrossentropy(const Row& row) {
  std::vector<double> kept = row.prediction;
  for (double& score : kept) score = std::clamp(score, kEpsilon, 1 - kEpsilon);
  const auto class_id = static_cast<size_t>(row.label[0]);
  if (!(row.label[0] >= 0) || class_id >= kept.size()) return std::numeric_limits<double>::quiet_NaN();
  return -std::log(kept[class_id] / Sum(kept));
}
double Hinge(const Row& row) {
  return MeanOver(row, [](double label, double score) { return std::max(1 - Signed(label) * score, 0.0); });
}
double SquaredHinge(const Row& row) {
  return MeanOver(row, [](double label, double score) {
    const double hinge = std::max(1 - Signed(label) * score, 0.0);
    return hinge * hinge;
  });
}
double CategoricalHinge(const Row& row) {
  double positive = 0, negative = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < row.prediction.size(); ++i) {
    const double label = row.label.size() == row.prediction.size() ? row.label[i] : row.label[0];
    positive += label * row.prediction[i];
    negative = std::max(negative, (1 - label) * row.prediction[i]);
  }
  return std::max(negative - positive + 1, 0.0);
}
double KLDivergence(const Row& row) {
  return MeanOver(row,
                  [](double label, double score) {
                    const double l = std::clamp(label, kEpsilon, 1.0), s = std::clamp(score, kEpsilon, 1.0);
                    return l * std::log(l / s);
                  }) *
         static_cast<double>(row.prediction.size());
}
double LogCosh(const Row& row) {
  return MeanOver(row, [](double label, double prediction) {
    const double error = prediction - label;
    return error + std::log1p(std::exp(-2 * error)) - std::log(2.0);
  });
}
double Poisson(const Row& row) {
  return MeanOver(row, [](double label, double score) { return score - label * std::log(score + kEpsilon); });
}
double CosineSimilarity(const Row& row) {
  double dot = 0, labels = 0, scores = 0;
  for (size_t i = 0; i < row.prediction.size(); ++i) {
    const double label = row.label.size() == row.prediction.size() ? row.label[i] : row.label[0];
    dot += label * row.prediction[i];
    labels += label * label;
    scores += row.prediction[i] * row.prediction[i];
  }
  return dot / (std::sqrt(std::max(labels, 1e-12)) * std::sqrt(std::max(scores, 1e-12)));
}

Status CheckShapes(const Row& row, int64_t at, const string& metric) {
  if (row.label.size() == row.prediction.size() || row.label.size() == 1) return OkStatus();
  return InvalidArgument("Metric {}: row {} has {} labels for {} scores", metric, at + 1, row.label.size(),
                         row.prediction.size());
}

// Micro averages look at each score of a vector by itself.
Result<std::vector<Row>> PiecesOf(const Row& row, bool is_flat) {
  if (!is_flat) return std::vector<Row>{row};
  std::vector<Row> pieces;
  for (size_t i = 0; i < row.prediction.size(); ++i) {
    const double label = row.label.size() == row.prediction.size() ? row.label[i]
                         : row.label[0] == static_cast<double>(i)  ? 1.0
                                                                   : 0.0;
    pieces.push_back({{label}, {row.prediction[i]}, row.weight, false});
  }
  return pieces;
}

// Cells that each row adds to by `add`, over whole vectors.
template <class F>
Computation RowSums(const string& algorithm, int64_t num_cells, const string& metric, const PairSpec& pairs,
                    F add) {
  Computation made;
  made.name = algorithm + ":" + FingerprintOf(pairs);
  made.num_cells = num_cells;
  const bool is_flat = pairs.is_aggregated;
  made.emit = [pairs, metric, is_flat, add](PairCache& cache, Contributions& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionVectors* found, cache.Vectors(pairs));
    const ExampleRows& rows = cache.rows();
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        const Row& values = found->rows[static_cast<size_t>(row)];
        if (values.is_missing) continue;
        PENSTOCK_RETURN_IF_ERROR(CheckShapes(values, row, metric));
        if (!is_flat) {
          add(values, into);
          continue;
        }
        PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Row> pieces, PiecesOf(values, true));
        for (const Row& piece : pieces) add(piece, into);
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

Status PlanMean(const string& class_name, RowValue value, const string& name, const MetricTarget& target,
                MetricSink& sink) {
  sink.Add(target.Key(name),
           RowSums("keras-mean/1:" + class_name, 2, class_name, target.Pairs(),
                   [value](const Row& row, Contributions& into) {
                     into.Add(0, value(row) * row.weight);
                     into.Add(1, row.weight);
                   }),
           [](std::span<const double> c) { return c[1] != 0 ? c[0] / c[1] : 0; });
  return OkStatus();
}

Status PlanTopK(bool is_sparse, const string& name, const MetricArguments& arguments,
                const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t k, arguments.Integer("k", 5));
  if (k < 1) return InvalidArgument("Metric {}: 'k' must be above 0", arguments.metric());
  sink.Add(target.Key(name),
           RowSums(fmt::format("keras-top/1:{}:{}", k, is_sparse), 2, arguments.metric(), target.Pairs(),
                   [k, is_sparse](const Row& row, Contributions& into) {
                     into.Add(0, IsInTop(row, ClassOf(row, is_sparse), static_cast<size_t>(k)) * row.weight);
                     into.Add(1, row.weight);
                   }),
           [](std::span<const double> c) { return c[1] != 0 ? c[0] / c[1] : 0; });
  return OkStatus();
}

// Sums over each score of a row, each with the weight of the row.
Status PlanMoments(bool is_r2, const string& name, const MetricArguments& arguments,
                   const MetricTarget& target, MetricSink& sink) {
  sink.Add(target.Key(name),
           RowSums("keras-moments/1", 4, arguments.metric(), target.Pairs(),
                   [](const Row& row, Contributions& into) {
                     for (size_t i = 0; i < row.prediction.size(); ++i) {
                       const double label = row.label.size() == 1 ? row.label[0] : row.label[i];
                       const double error = row.prediction[i] - label;
                       into.Add(0, row.weight * error * error);
                       into.Add(1, row.weight);
                       into.Add(2, row.weight * label);
                       into.Add(3, row.weight * label * label);
                     }
                   }),
           [is_r2](std::span<const double> c) {
             if (!is_r2) return c[1] != 0 ? std::sqrt(c[0] / c[1]) : 0.0;
             return 1 - c[0] / (c[3] - c[2] * c[2] / c[1]);
           });
  return OkStatus();
}

// Intersection over union of what is predicted and what is true, by class, then the mean.
Status PlanMeanIoU(bool is_binary, const string& name, const MetricArguments& arguments,
                   const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t num_classes, arguments.Integer("num_classes", 2));
  PENSTOCK_ASSIGN_OR_RETURN(const double threshold, arguments.Number("threshold", 0.5));
  if (num_classes < 1 || num_classes > 4096)
    return InvalidArgument("Metric {}: 'num_classes' must be from 1 to 4096", arguments.metric());
  const auto class_of = [num_classes](double value) {
    return std::clamp(static_cast<int64_t>(value), int64_t{0}, num_classes - 1);
  };
  sink.Add(target.Key(name),
           RowSums(fmt::format("keras-iou/1:{}:{}:{}", num_classes, is_binary, threshold),
                   num_classes * num_classes, arguments.metric(), target.Pairs(),
                   [=](const Row& row, Contributions& into) {
                     for (size_t i = 0; i < row.prediction.size(); ++i) {
                       const double label = row.label.size() == 1 ? row.label[0] : row.label[i];
                       const int64_t predicted =
                           is_binary ? (row.prediction[i] >= threshold ? 1 : 0) : class_of(row.prediction[i]);
                       into.Add(class_of(label) * num_classes + predicted, row.weight);
                     }
                   }),
           [num_classes](std::span<const double> cells) {
             double sum = 0, count = 0;
             for (int64_t c = 0; c < num_classes; ++c) {
               double actual = 0, predicted = 0;
               for (int64_t d = 0; d < num_classes; ++d) {
                 actual += cells[static_cast<size_t>(c * num_classes + d)];
                 predicted += cells[static_cast<size_t>(d * num_classes + c)];
               }
               const double both = cells[static_cast<size_t>(c * num_classes + c)];
               if (actual + predicted - both == 0) continue;
               sum += both / (actual + predicted - both);
               ++count;
             }
             return count > 0 ? sum / count : 0;
           });
  return OkStatus();
}

struct MeanClass {
  const char* class_name;
  const char* name;
  MetricDirection direction;
  RowValue value;
};
constexpr MeanClass kMeans[] = {
    {"Accuracy", "accuracy", kHigher, Accuracy},
    {"CategoricalAccuracy", "categorical_accuracy", kHigher, CategoricalAccuracy},
    {"SparseCategoricalAccuracy", "sparse_categorical_accuracy", kHigher, SparseCategoricalAccuracy},
    {"SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", kLower,
     SparseCategoricalCrossentropy},
    {"Hinge", "hinge", kLower, Hinge},
    {"SquaredHinge", "squared_hinge", kLower, SquaredHinge},
    {"CategoricalHinge", "categorical_hinge", kLower, CategoricalHinge},
    {"KLDivergence", "kl_divergence", kLower, KLDivergence},
    {"LogCoshError", "log_cosh_error", kLower, LogCosh},
    {"Poisson", "poisson", kLower, Poisson},
    {"CosineSimilarity", "cosine_similarity", kHigher, CosineSimilarity},
};

}  // namespace

void AddKerasClasses(std::map<string, MetricClass>& classes) {
  for (const MeanClass& mean : kMeans) {
    classes[mean.class_name] = {
        mean.class_name,
        mean.name,
        {"axis", "from_logits", "ignore_class"},
        "Keras' metric of this name",
        mean.direction,
        [&mean](const string& name, const MetricArguments&, const MetricTarget& target, MetricSink& sink) {
          return PlanMean(mean.class_name, mean.value, name, target, sink);
        },
        false};
  }
  for (const bool is_sparse : {false, true}) {
    const string class_name = is_sparse ? "SparseTopKCategoricalAccuracy" : "TopKCategoricalAccuracy";
    classes[class_name] = {
        class_name,
        is_sparse ? "sparse_top_k_categorical_accuracy" : "top_k_categorical_accuracy",
        {"k"},
        "how often the true class is among the k highest",
        kHigher,
        [is_sparse](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                    MetricSink& sink) { return PlanTopK(is_sparse, name, arguments, target, sink); },
        false};
  }
  for (const bool is_r2 : {false, true}) {
    const string class_name = is_r2 ? "R2Score" : "RootMeanSquaredError";
    classes[class_name] = {
        class_name,
        is_r2 ? "r2_score" : "root_mean_squared_error",
        {},
        is_r2 ? "1 - squared error / variance of the labels" : "root of the mean squared error",
        is_r2 ? kHigher : kLower,
        [is_r2](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                MetricSink& sink) { return PlanMoments(is_r2, name, arguments, target, sink); },
        false};
  }
  for (const bool is_binary : {false, true}) {
    const string class_name = is_binary ? "BinaryIoU" : "MeanIoU";
    classes[class_name] = {
        class_name,
        is_binary ? "binary_io_u" : "mean_io_u",
        {"num_classes", "threshold", "target_class_ids"},
        "mean intersection over union of classes",
        kHigher,
        [is_binary](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                    MetricSink& sink) { return PlanMeanIoU(is_binary, name, arguments, target, sink); },
        false};
  }
}

}  // namespace penstock::evaluation
