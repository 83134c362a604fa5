#include <cmath>
#include <limits>
#include <set>

#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {
namespace {

using std::string;
constexpr double kNone = -std::numeric_limits<double>::infinity();

// Where the classes of an example are, and what they weigh.
struct SetColumns {
  string label, classes, scores;  ///< No scores: what is predicted is predicted for certain.
  string weighted_classes, class_weights;
  int64_t top_k = 0;  ///< 0: all.
};

string TextAt(const ExampleColumn& column, int64_t at) {
  const auto i = static_cast<size_t>(at);
  return column.is_text ? column.texts[i] : fmt::format("{}", column.numbers[i]);
}

class SetPairs {
 public:
  SetPairs(const SetColumns& columns, const ExampleRows& rows, const PairSpec& spec)
      : columns_(columns), rows_(rows), spec_(spec) {}

  Result<LabelPredictionPairs> Make() {
    PENSTOCK_ASSIGN_OR_RETURN(labels_, rows_.Find(columns_.label));
    PENSTOCK_ASSIGN_OR_RETURN(classes_, rows_.Find(columns_.classes));
    if (!columns_.scores.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(scores_, rows_.Find(columns_.scores));
      PENSTOCK_ASSIGN_OR_RETURN(scores_, AsNumbers(scores_));
    }
    if (!columns_.class_weights.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(weighted_classes_, rows_.Find(columns_.weighted_classes));
      PENSTOCK_ASSIGN_OR_RETURN(class_weights_, rows_.Find(columns_.class_weights));
      PENSTOCK_ASSIGN_OR_RETURN(class_weights_, AsNumbers(class_weights_));
    }
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, RowWeights(rows_, spec_));
    LabelPredictionPairs pairs;
    pairs.unit_offsets.push_back(0);
    for (int64_t unit = 0; unit < rows_.num_units(); ++unit) {
      for (int64_t row = rows_.UnitBegin(unit); row < rows_.UnitEnd(unit); ++row)
        PENSTOCK_RETURN_IF_ERROR(AddRow(row, weights[static_cast<size_t>(row)], pairs));
      pairs.unit_offsets.push_back(static_cast<int64_t>(pairs.labels.size()));
    }
    return pairs;
  }

 private:
  // What a class of this row weighs.
  Result<std::map<string, double>> ClassWeights(int64_t row) const {
    std::map<string, double> weights;
    if (class_weights_ == nullptr) return weights;
    if (class_weights_->Size(row) != weighted_classes_->Size(row)) {
      return InvalidArgument("Row {} has {} classes in column '{}', but {} weights in column '{}'", row + 1,
                             weighted_classes_->Size(row), weighted_classes_->name, class_weights_->Size(row),
                             class_weights_->name);
    }
    for (int64_t i = 0; i < class_weights_->Size(row); ++i)
      weights[TextAt(*weighted_classes_, weighted_classes_->Begin(row) + i)] =
          class_weights_->Numbers(row)[static_cast<size_t>(i)];
    return weights;
  }

  Status AddRow(int64_t row, double example_weight, LabelPredictionPairs& pairs) const {
    if (scores_ != nullptr && scores_->Size(row) != classes_->Size(row)) {
      return InvalidArgument("Row {} has {} classes in column '{}', but {} scores in column '{}'", row + 1,
                             classes_->Size(row), classes_->name, scores_->Size(row), scores_->name);
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto class_weights, ClassWeights(row));
    int64_t num_predicted = classes_->Size(row);
    if (columns_.top_k > 0) num_predicted = std::min(num_predicted, columns_.top_k);
    std::map<string, double> predicted;
    for (int64_t i = 0; i < num_predicted; ++i)
      predicted[TextAt(*classes_, classes_->Begin(row) + i)] =
          scores_ == nullptr ? 1.0 : scores_->Numbers(row)[static_cast<size_t>(i)];
    std::set<string> labelled;
    for (int64_t i = 0; i < labels_->Size(row); ++i)
      labelled.insert(TextAt(*labels_, labels_->Begin(row) + i));
    const auto add = [&](const string& name, double label, double score) {
      const auto found = class_weights.find(name);
      pairs.labels.push_back(label);
      pairs.predictions.push_back(score);
      pairs.weights.push_back(example_weight * (found == class_weights.end() ? 1.0 : found->second));
    };
    for (const string& name : labelled) {
      const auto found = predicted.find(name);
      add(name, 1, found == predicted.end() ? kNone : found->second);
    }
    for (const auto& [name, score] : predicted)
      if (labelled.count(name) == 0) add(name, 0, score);
    return OkStatus();
  }

  const SetColumns& columns_;
  const ExampleRows& rows_;
  const PairSpec& spec_;
  ColumnPointer labels_, classes_, scores_, weighted_classes_, class_weights_;
};

Status PlanSetMatch(const MetricClass& as, const string& name, const MetricArguments& given,
                    MetricTarget target, MetricSink& sink) {
  SetColumns columns;
  const auto column_of = [&](const char* key, const char* absent) -> Result<string> {
    PENSTOCK_ASSIGN_OR_RETURN(const string output, given.Text(key, absent));
    const auto found = target.prediction_columns.find(output);
    return found == target.prediction_columns.end() ? output : found->second;
  };
  PENSTOCK_ASSIGN_OR_RETURN(columns.classes, column_of("prediction_class_key", "classes"));
  PENSTOCK_ASSIGN_OR_RETURN(columns.scores, column_of("prediction_score_key", "scores"));
  PENSTOCK_ASSIGN_OR_RETURN(columns.class_weights, given.Text("weight_key", ""));
  PENSTOCK_ASSIGN_OR_RETURN(columns.weighted_classes, given.Text("class_key", target.columns.label));
  PENSTOCK_ASSIGN_OR_RETURN(columns.top_k, given.Integer("top_k", 0));
  if (given.Has("top_k") && columns.top_k < 1)
    return InvalidArgument("Metric {}: 'top_k' must be above 0", given.metric());
  columns.label = target.columns.label;
  if (columns.label.empty())
    return InvalidArgument("Metric {} needs a label_key in model_specs: the column with the true classes",
                           given.metric());
  if (columns.class_weights.empty()) columns.weighted_classes.clear();
  for (const string* column :
       {&columns.label, &columns.classes, &columns.scores, &columns.weighted_classes, &columns.class_weights})
    if (!column->empty()) sink.Need(*column);
  // Weights of classes are weights too.
  if (!columns.class_weights.empty()) target.is_weighted = true;
  MetricArguments arguments = given.Without("top_k");
  if (columns.top_k > 0 && !given.Has("thresholds")) arguments = arguments.With("thresholds", kNone);
  target.maker.name = fmt::format("sets/1:{}:{}:{}:{}:{}:{}", columns.label, columns.classes, columns.scores,
                                  columns.weighted_classes, columns.class_weights, columns.top_k);
  target.maker.make = [columns](const ExampleRows& rows, const PairSpec& spec) {
    return SetPairs(columns, rows, spec).Make();
  };
  return as.plan(name, arguments, target, sink);
}

}  // namespace

void AddSetClasses(std::map<string, MetricClass>& classes) {
  for (const bool is_recall : {false, true}) {
    MetricClass made = classes.at(is_recall ? "Recall" : "Precision");
    made.plan = [as = made](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                            MetricSink& sink) { return PlanSetMatch(as, name, arguments, target, sink); };
    made.class_name = is_recall ? "SetMatchRecall" : "SetMatchPrecision";
    made.name = is_recall ? "set_match_recall" : "set_match_precision";
    made.description += ", of sets of classes";
    made.arguments = {"thresholds",           "top_k",     "prediction_class_key",
                      "prediction_score_key", "class_key", "weight_key"};
    made.reads_target = [](const MetricArguments&) { return false; };
    classes[made.class_name] = made;
  }
}

}  // namespace penstock::evaluation
