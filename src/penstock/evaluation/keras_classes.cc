#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "penstock/evaluation/keras_rows_internal.h"

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kHigher = MetricDirection::kHigherIsBetter;
constexpr auto kLower = MetricDirection::kLowerIsBetter;

using std::string;
using namespace keras;
/// What one row adds: a value, whose weighted mean is the metric.
using RowValue = double (*)(const Row& row);

double Sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// The mean over the scores of a row; one label stands beside each of them.
template <class F>
double MeanOver(const Row& row, F each) {
  double sum = 0;
  for (size_t i = 0; i < row.prediction.size(); ++i) sum += each(LabelOf(row, i), row.prediction[i]);
  return sum / static_cast<double>(row.prediction.size());
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
    const double label = LabelOf(row, i);
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
    const double label = LabelOf(row, i);
    dot += label * row.prediction[i];
    labels += label * label;
    scores += row.prediction[i] * row.prediction[i];
  }
  return dot / (std::sqrt(std::max(labels, 1e-12)) * std::sqrt(std::max(scores, 1e-12)));
}

// Means, variances and the covariance over the scores of one row.
struct RowMoments {
  double label = 0, score = 0, label_variance = 0, score_variance = 0, covariance = 0;
};
RowMoments MomentsOf(const Row& row) {
  RowMoments m;
  const auto n = static_cast<double>(row.prediction.size());
  for (size_t i = 0; i < row.prediction.size(); ++i) {
    m.label += LabelOf(row, i) / n;
    m.score += row.prediction[i] / n;
  }
  for (size_t i = 0; i < row.prediction.size(); ++i) {
    const double label = LabelOf(row, i) - m.label, score = row.prediction[i] - m.score;
    m.label_variance += label * label / n;
    m.score_variance += score * score / n;
    m.covariance += label * score / n;
  }
  return m;
}
double PearsonCorrelation(const Row& row) {
  const RowMoments m = MomentsOf(row);
  return m.covariance / std::sqrt(m.label_variance * m.score_variance);
}
double ConcordanceCorrelation(const Row& row) {
  const RowMoments m = MomentsOf(row);
  const double apart = m.label - m.score;
  return 2 * m.covariance / (m.label_variance + m.score_variance + apart * apart + kEpsilon);
}

// The weighted mean of what rows add to the first of two cells.
double MeanOfCells(std::span<const double> cells) { return cells[1] != 0 ? cells[0] / cells[1] : 0; }

Status PlanMean(const string& class_name, RowValue value, const string& name,
                const MetricArguments& arguments, const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_RETURN_IF_ERROR(CheckAxis(arguments));
  sink.Add(target.Key(name),
           RowSums("keras-mean/1:" + class_name, 2, class_name, target.Pairs(),
                   [value](const Row& row, Contributions& into) {
                     into.Add(0, value(row) * row.weight);
                     into.Add(1, row.weight);
                   }),
           MeanOfCells);
  return OkStatus();
}

// -log of the share of the true class; rows of the ignored class are left out.
Status PlanSparseCrossentropy(const string& name, const MetricArguments& arguments,
                              const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_RETURN_IF_ERROR(CheckAxis(arguments));
  PENSTOCK_ASSIGN_OR_RETURN(const bool from_logits, arguments.Flag("from_logits", false));
  const bool ignores = arguments.Has("ignore_class");
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t ignored, arguments.Integer("ignore_class", 0));
  const auto add = [=, metric = arguments.metric()](const Row& row, int64_t at,
                                                    Contributions& into) -> Status {
    PENSTOCK_RETURN_IF_ERROR(CheckShapes(row, at, metric));
    const double label = row.label[0];
    if (ignores && label == static_cast<double>(ignored)) return OkStatus();
    std::vector<double> shares = row.prediction;
    if (!(label >= 0 && label < static_cast<double>(shares.size())))
      return InvalidArgument("Metric {}: row {} has the label {}, which is none of the {} classes", metric,
                             at + 1, label, shares.size());
    const double highest = *std::max_element(shares.begin(), shares.end());
    for (double& share : shares)
      share = from_logits ? std::exp(share - highest) : std::clamp(share, kEpsilon, 1 - kEpsilon);
    into.Add(0, -std::log(shares[static_cast<size_t>(label)] / Sum(shares)) * row.weight);
    into.Add(1, row.weight);
    return OkStatus();
  };
  sink.Add(target.Key(name),
           VectorCells(fmt::format("keras-sparse-crossentropy/2:{:d}:{:d}:{}", from_logits, ignores, ignored),
                       2, target.Pairs(), add),
           MeanOfCells);
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
           MeanOfCells);
  return OkStatus();
}

// The weighted sum of the predictions: Keras' Sum says nothing of labels.
Status PlanSum(const string& name, const MetricArguments& arguments, const MetricTarget& target,
               MetricSink& sink) {
  sink.Add(
      target.Key(name),
      RowSums("keras-sum/1", 1, arguments.metric(), target.Pairs(),
              [](const Row& row, Contributions& into) { into.Add(0, Sum(row.prediction) * row.weight); }),
      [](std::span<const double> cells) { return cells[0]; });
  return OkStatus();
}

// The mean of |prediction - label| / normalizer; a normalizer of 0 makes it 0.
Status PlanRelativeError(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                         MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> normalizer, arguments.Numbers("normalizer"));
  if (normalizer.empty())
    return InvalidArgument("Metric {} needs 'normalizer': a number, or one for each score",
                           arguments.metric());
  sink.Add(target.Key(name),
           VectorCells(fmt::format("keras-relative/1:{}", fmt::join(normalizer, ",")), 2, target.Pairs(),
                       [normalizer, metric = arguments.metric()](const Row& row, int64_t at,
                                                                 Contributions& into) -> Status {
                         PENSTOCK_RETURN_IF_ERROR(CheckShapes(row, at, metric));
                         if (normalizer.size() != 1 && normalizer.size() != row.prediction.size())
                           return InvalidArgument("Metric {}: row {} has {} scores for {} normalizers",
                                                  metric, at + 1, row.prediction.size(), normalizer.size());
                         for (size_t i = 0; i < row.prediction.size(); ++i) {
                           const double by = normalizer.size() == 1 ? normalizer[0] : normalizer[i];
                           const double error = std::fabs(row.prediction[i] - LabelOf(row, i));
                           into.Add(0, by != 0 ? row.weight * error / by : 0);
                           into.Add(1, row.weight);
                         }
                         return OkStatus();
                       }),
           MeanOfCells);
  return OkStatus();
}

// Sums over each score of a row, each with the weight of the row.
Status PlanMoments(bool is_r2, const string& name, const MetricArguments& arguments,
                   const MetricTarget& target, MetricSink& sink) {
  sink.Add(target.Key(name),
           RowSums("keras-moments/1", 4, arguments.metric(), target.Pairs(),
                   [](const Row& row, Contributions& into) {
                     for (size_t i = 0; i < row.prediction.size(); ++i) {
                       const double label = LabelOf(row, i);
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
    {"Hinge", "hinge", kLower, Hinge},
    {"SquaredHinge", "squared_hinge", kLower, SquaredHinge},
    {"CategoricalHinge", "categorical_hinge", kLower, CategoricalHinge},
    {"KLDivergence", "kl_divergence", kLower, KLDivergence},
    {"LogCoshError", "log_cosh_error", kLower, LogCosh},
    {"Poisson", "poisson", kLower, Poisson},
    {"CosineSimilarity", "cosine_similarity", kHigher, CosineSimilarity},
    {"PearsonCorrelation", "pearson_correlation", kHigher, PearsonCorrelation},
    {"ConcordanceCorrelation", "concordance_correlation", kHigher, ConcordanceCorrelation},
};

}  // namespace

void AddKerasClasses(std::map<string, MetricClass>& classes) {
  const auto add = [&](const char* class_name, const char* name, MetricDirection direction,
                       const char* description, std::vector<std::string_view> arguments, auto plan) {
    classes[class_name] = {class_name, name, std::move(arguments), description, direction, plan, false};
  };
  for (const MeanClass& mean : kMeans)
    add(mean.class_name, mean.name, mean.direction, "Keras' metric of this name", {"axis"},
        [&mean](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                MetricSink& sink) {
          return PlanMean(mean.class_name, mean.value, name, arguments, target, sink);
        });
  add("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", kLower,
      "mean log loss of class numbers in nats", {"axis", "from_logits", "ignore_class"},
      PlanSparseCrossentropy);
  for (const bool is_sparse : {false, true})
    add(is_sparse ? "SparseTopKCategoricalAccuracy" : "TopKCategoricalAccuracy",
        is_sparse ? "sparse_top_k_categorical_accuracy" : "top_k_categorical_accuracy", kHigher,
        "how often the true class is among the k highest", {"k"},
        [is_sparse](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                    MetricSink& sink) { return PlanTopK(is_sparse, name, arguments, target, sink); });
  for (const bool is_r2 : {false, true})
    add(is_r2 ? "R2Score" : "RootMeanSquaredError", is_r2 ? "r2_score" : "root_mean_squared_error",
        is_r2 ? kHigher : kLower,
        is_r2 ? "1 - squared error / variance of the labels" : "root of the mean squared error", {},
        [is_r2](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                MetricSink& sink) { return PlanMoments(is_r2, name, arguments, target, sink); });
  add("Sum", "sum", MetricDirection::kNone, "weighted sum of the predictions", {}, PlanSum);
  add("MeanRelativeError", "mean_relative_error", kLower, "mean of |prediction - label| / normalizer",
      {"normalizer"}, PlanRelativeError);
  keras::AddMatrixClasses(classes);
}

}  // namespace penstock::evaluation
