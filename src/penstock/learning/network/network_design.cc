#include "penstock/learning/network/network_design.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "penstock/base/near_miss.h"
#include "penstock/base/random_bits.h"
#include "penstock/model/network_model.h"

namespace penstock::learning {
namespace {

using model::IdInput;
using model::NetworkShape;
using model::NumberInput;
using transform::FeatureKind;
using transform::FeatureSchema;

/// Rising cut points that part the column into up to `num_buckets` parts of about equal size; none where
/// it has two values or fewer, which need no cutting.
std::vector<float> Boundaries(const TrainingMatrix& sample, int32_t column, int64_t num_buckets) {
  std::vector<float> values;
  for (int64_t row = 0; row < sample.num_rows(); ++row) {
    const float value = sample.values[row * sample.num_columns + column];
    if (!std::isnan(value)) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  std::vector<float> distinct(values);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<float> cuts;
  if (distinct.size() <= 2) return cuts;
  if (static_cast<int64_t>(distinct.size()) <= num_buckets) {
    cuts.assign(distinct.begin() + 1, distinct.end());
    return cuts;
  }
  for (int64_t i = 1; i < num_buckets; ++i) {
    const float cut = values[values.size() * static_cast<size_t>(i) / static_cast<size_t>(num_buckets)];
    if (cut > values.front() && (cuts.empty() || cut > cuts.back())) cuts.push_back(cut);
  }
  return cuts;
}

int32_t AutomaticWidth(int64_t num_ids) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(std::llround(1.6 * std::pow(static_cast<double>(num_ids), 0.56)), 2, 16));
}

class Designer {
 public:
  Designer(const NetworkOptions& options, const std::vector<FeatureSchema>& features,
           const SplitSummary& train)
      : options_(options), features_(features), train_(train) {}

  Result<NetworkShape> Design() {
    shape_.num_columns = static_cast<int32_t>(train_.columns.size());
    shape_.has_wide = options_.has_wide();
    shape_.has_deep = options_.has_deep();
    if (options_.kind == NetworkKind::kLstm) PENSTOCK_RETURN_IF_ERROR(AddSeries());
    int32_t column = 0;
    for (const FeatureSchema& feature : features_) {
      AddFeature(feature, column);
      column += static_cast<int32_t>(feature.width);
    }
    for (const std::vector<std::string>& cross : options_.crosses) PENSTOCK_RETURN_IF_ERROR(AddCross(cross));
    if (shape_.numbers.empty() && shape_.ids.empty() && shape_.series.empty())
      return InvalidArgument("No feature varies in the train split, so there is nothing to learn from");
    for (int32_t width : options_.hidden_units)
      shape_.layers.push_back({width, options_.activation, options_.batch_norm});
    return std::move(shape_);
  }

 private:
  /// The vector features of the commonest form: all of one width. Each is a channel.
  Status AddSeries() {
    int64_t num_steps = 0;
    for (const FeatureSchema& feature : features_) {
      if (feature.kind == FeatureKind::kVector) num_steps = std::max(num_steps, feature.width);
    }
    std::vector<int32_t> first_columns;
    int32_t column = 0;
    for (const FeatureSchema& feature : features_) {
      if (feature.kind == FeatureKind::kVector && feature.width == num_steps) {
        first_columns.push_back(column);
        in_series_.insert(feature.name);
      }
      column += static_cast<int32_t>(feature.width);
    }
    if (num_steps < 2)
      return InvalidArgument(
          "An lstm reads a series, but no feature is a vector of two numbers or more; use the learner dense");
    shape_.num_channels = static_cast<int32_t>(first_columns.size());
    shape_.recurrent_width = static_cast<int32_t>(options_.recurrent_width);
    for (int64_t step = 0; step < num_steps; ++step) {
      for (int32_t first : first_columns) {
        const auto at = static_cast<int32_t>(first + step);
        const ColumnSummary& summary = train_.columns[static_cast<size_t>(at)];
        shape_.series.push_back({at, static_cast<float>(summary.mean), Scale(summary), false});
      }
    }
    return OkStatus();
  }

  void AddFeature(const FeatureSchema& feature, int32_t column) {
    if (in_series_.contains(feature.name)) return;
    if (feature.kind == FeatureKind::kCategorical && options_.kind != NetworkKind::kAutoencoder) {
      IdInput input;
      input.column = column;
      input.num_ids = static_cast<int32_t>(std::min<int64_t>(feature.num_buckets, 1 << 27)) + 1;
      AddId(std::move(input), feature.name);
      return;
    }
    for (int64_t i = 0; i < feature.width; ++i) AddNumber(feature, static_cast<int32_t>(column + i));
  }

  static float Scale(const ColumnSummary& summary) {
    const double deviation = summary.deviation();
    const double scale = deviation > 0 ? 1 / deviation : 0;
    return std::isfinite(scale) && scale < 1e30 ? static_cast<float>(scale) : 0.0f;
  }

  void AddNumber(const FeatureSchema& feature, int32_t column) {
    const ColumnSummary& summary = train_.columns[static_cast<size_t>(column)];
    const float scale = Scale(summary);
    if (scale > 0) shape_.numbers.push_back({column, static_cast<float>(summary.mean), scale, false});
    if (summary.has_missing && options_.kind != NetworkKind::kAutoencoder)
      shape_.numbers.push_back({column, 0, 1, true});
    if (options_.number_buckets < 2 || scale == 0) return;
    IdInput input;
    input.source = IdInput::Source::kBuckets;
    input.column = column;
    input.boundaries = Boundaries(train_.sample, column, options_.number_buckets);
    if (input.boundaries.empty()) return;
    input.num_ids = static_cast<int32_t>(input.boundaries.size()) + 2;
    AddId(std::move(input), feature.width == 1 ? feature.name : "");
  }

  void AddId(IdInput input, const std::string& name) {
    input.is_wide = shape_.has_wide;
    if (shape_.has_deep) {
      input.embedding_width = options_.embedding_width > 0 ? static_cast<int32_t>(options_.embedding_width)
                                                           : AutomaticWidth(input.num_ids);
    }
    if (!name.empty()) id_of_feature_[name] = static_cast<int32_t>(shape_.ids.size());
    shape_.ids.push_back(std::move(input));
  }

  Status AddCross(const std::vector<std::string>& names) {
    IdInput input;
    input.source = IdInput::Source::kCross;
    input.num_ids = static_cast<int32_t>(options_.cross_buckets);
    input.is_wide = true;
    for (const std::string& name : names) {
      const auto found = id_of_feature_.find(name);
      if (found == id_of_feature_.end()) {
        std::vector<std::string> known;
        for (const auto& [feature, id] : id_of_feature_) known.push_back(feature);
        return InvalidArgument(
            "Hyperparameter 'crosses' names '{}', which is no feature with ids and no number that is cut "
            "into "
            "buckets{}",
            name, DidYouMean(name, known));
      }
      input.crossed.push_back(found->second);
    }
    shape_.ids.push_back(std::move(input));
    return OkStatus();
  }

  const NetworkOptions& options_;
  const std::vector<FeatureSchema>& features_;
  const SplitSummary& train_;
  NetworkShape shape_;
  std::set<std::string> in_series_;
  std::map<std::string, int32_t> id_of_feature_;
};

double MedianOf(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Scales the output so that the network learns a label of mean 0 and deviation 1.
void ScaleOutput(const SplitSummary& train, const Loss& loss, NetworkShape& shape) {
  double middle = train.labels.means[0];
  double deviation = train.labels.deviation;
  if (loss.kind == LossKind::kAbsoluteError || loss.kind == LossKind::kHuber) {
    std::vector<double> labels = train.sample.labels;
    middle = MedianOf(labels);
    for (double& label : labels) label = std::abs(label - middle);
    // Of normal labels it is their deviation.
    const double robust = 1.4826 * MedianOf(std::move(labels));
    if (robust > 0) deviation = robust;
  }
  shape.output_shift = static_cast<float>(middle);
  shape.output_scale = static_cast<float>(deviation) > 0 ? static_cast<float>(deviation) : 1;
}

}  // namespace

Result<NetworkShape> DesignNetwork(const NetworkOptions& options, const std::vector<FeatureSchema>& features,
                                   const SplitSummary& train, model::Task task, const Loss& loss) {
  PENSTOCK_ASSIGN_OR_RETURN(NetworkShape shape, Designer(options, features, train).Design());
  shape.link = model::LinkOf(task);
  shape.num_outputs = loss.num_outputs;
  if (task == model::Task::kRegression) ScaleOutput(train, loss, shape);
  if (task == model::Task::kReconstruction) {
    shape.num_outputs = static_cast<int32_t>(shape.numbers.size());
    if (shape.numbers.empty())
      return InvalidArgument("No number among the features varies, so there is nothing to copy");
  }
  if (const Status status = shape.Check(); !status.ok()) return InvalidArgument("{}", status.message());
  return shape;
}

std::vector<float> InitialParameters(const NetworkShape& shape, uint64_t seed,
                                     const std::vector<double>& constant_margins) {
  const model::NetworkLayout layout(shape);
  std::vector<float> parameters(static_cast<size_t>(layout.num_parameters), 0.0f);
  const auto draw = [&](const model::ParameterBlock& block, double limit) {
    for (int64_t i = block.offset; i < block.offset + block.size(); ++i)
      parameters[i] = static_cast<float>(limit * (2 * RandomShare(seed, static_cast<uint64_t>(i)) - 1));
  };
  const auto fill = [&](const model::ParameterBlock& block, float value) {
    std::fill_n(parameters.begin() + block.offset, block.size(), value);
  };
  for (size_t i = 0; i < layout.layers.size(); ++i) {
    const model::NetworkLayout::Layer& layer = layout.layers[i];
    const auto inputs = static_cast<double>(std::max<int64_t>(layer.weights.rows, 1));
    const bool is_relu = shape.layers[i].activation == model::Activation::kRelu;
    draw(layer.weights,
         std::sqrt(6 / (is_relu ? inputs : inputs + static_cast<double>(layer.weights.columns))));
    fill(layer.norm_scale, 1);
    fill(layer.norm_variance, 1);
  }
  const auto last = static_cast<double>(std::max<int64_t>(layout.output_weights.rows, 1));
  draw(layout.output_weights, std::sqrt(6 / (last + shape.num_outputs)));
  draw(layout.recurrent_input, std::sqrt(6.0 / (shape.num_channels + 4.0 * shape.recurrent_width)));
  draw(layout.recurrent_state, std::sqrt(6.0 / (5.0 * std::max(1, shape.recurrent_width))));
  // The forget gates begin open (Jozefowicz et al. 2015).
  std::fill_n(parameters.begin() + layout.recurrent_bias.offset + shape.recurrent_width,
              layout.recurrent_bias.size() / 4, 1.0f);
  for (const model::ParameterBlock& table : layout.embeddings) draw(table, 0.05);
  // Regressions begin at their mean, which is 0 once standardised.
  if (shape.link == model::NetworkLink::kLogistic || shape.link == model::NetworkLink::kSoftmax)
    std::copy(constant_margins.begin(), constant_margins.end(), parameters.begin() + layout.bias.offset);
  return parameters;
}

}  // namespace penstock::learning
