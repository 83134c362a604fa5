#include "penstock/statistics/lift_statistics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "penstock/base/near_miss.h"
#include "penstock/base/utf8.h"
#include "penstock/combine/column_numbers.h"
#include "penstock/combine/row_groups.h"
#include "penstock/statistics/category_summary.h"
#include "penstock/statistics/state_counts.h"
#include "penstock/statistics/weighted_summary.h"

namespace penstock::statistics {

namespace v0 = tensorflow::metadata::v0;

namespace {

constexpr uint8_t kStateVersion = 1;

bool IsCategorical(const v0::Feature& feature) {
  switch (feature.type()) {
    case v0::BYTES:
      return true;
    case v0::INT:
      return (feature.has_int_domain() && feature.int_domain().is_categorical()) ||
             feature.has_bool_domain() || feature.has_natural_language_domain();
    case v0::FLOAT:
      return feature.has_float_domain() && feature.float_domain().is_categorical();
    default:
      return false;
  }
}

const arrow::DataType& ValueType(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST ? *type.field(0)->type() : type;
}

bool IsText(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY || type.id() == arrow::Type::NA;
}

/// What the schema says; where it says nothing, whether it is text.
bool IsCategorical(const arrow::Schema& data, const std::string& name, const v0::Schema* schema) {
  if (schema != nullptr) {
    for (const v0::Feature& feature : schema->feature())
      if (feature.name() == name) return IsCategorical(feature);
  }
  return IsText(ValueType(*data.GetFieldByName(name)->type()));
}

/// The named ones, or all that the schema calls categorical.
Result<std::vector<std::string>> FeaturesOf(const arrow::Schema& data, const LiftOptions& lift,
                                            const v0::Schema* schema) {
  if (!lift.x_paths.empty()) return lift.x_paths;
  if (schema == nullptr) {
    return InvalidArgument("Lift on '{}' needs a schema that says which features are categorical, or x_paths",
                           lift.y_path);
  }
  std::vector<std::string> names;
  for (const v0::Feature& feature : schema->feature()) {
    if (feature.name() != lift.y_path && IsCategorical(feature) && data.GetFieldIndex(feature.name()) >= 0)
      names.push_back(feature.name());
  }
  return names;
}

int64_t IntegerOf(const std::string& text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string Utf8OrPlaceholder(const std::string& text) { return IsUtf8(text) ? text : kNonUtf8Placeholder; }

/// As Python prints a float.
std::string RealText(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

double Of(const LiftStatistics::Tally& tally, bool is_weighted) {
  return is_weighted ? tally.weight.value() : static_cast<double>(tally.count);
}

void Add(int64_t count, double weight, LiftStatistics::Tally& tally) {
  tally.count += count;
  tally.weight.Add(weight);
}

void Merge(const LiftStatistics::Tally& from, LiftStatistics::Tally& into) {
  into.count += from.count;
  into.weight.Merge(from.weight);
}

template <class Key>
void MergeAll(const std::map<Key, LiftStatistics::Tally>& from, std::map<Key, LiftStatistics::Tally>& into) {
  for (const auto& [key, tally] : from) Merge(tally, into[key]);
}

void EncodeTally(const LiftStatistics::Tally& tally, combine::StateWriter& writer) {
  WriteCount(tally.count, writer);
  tally.weight.Encode(writer);
}

LiftStatistics::Tally DecodeTally(combine::StateReader& reader) {
  LiftStatistics::Tally tally;
  tally.count = ReadCount(reader);
  tally.weight.Decode(reader);
  return tally;
}

void FillLift(double lift, double num_x, double num_xy, bool is_weighted, v0::LiftSeries::LiftValue& out) {
  out.set_lift(lift);
  if (is_weighted) {
    out.set_weighted_x_count(num_x);
    out.set_weighted_x_and_y_count(num_xy);
  } else {
    out.set_x_count(static_cast<uint64_t>(num_x));
    out.set_x_and_y_count(static_cast<uint64_t>(num_xy));
  }
}

struct LiftValue {
  const std::string* x;
  double lift, num_xy, num_x;
};

}  // namespace

struct LiftStatistics::Presence {
  std::vector<std::string> values;
  std::vector<std::vector<int64_t>> rows;  // Of each value, rising.
  std::vector<double> weights;             // Of rows; empty: 1 each.

  double WeightOf(int64_t row) const { return weights.empty() ? 1 : weights[static_cast<size_t>(row)]; }
};

/// The values of x in the order of a series: greatest lift first, then by x.
class LiftStatistics::Series {
 public:
  Series(const Column& x, const LiftOptions& options) : x_(x), options_(options) {}

  void Add(const LiftValue& value) { values_.push_back(value); }

  std::vector<LiftValue> Take() {
    const auto is_less = [&](const LiftValue& a, const LiftValue& b) {
      return x_.is_integer ? IntegerOf(*a.x) < IntegerOf(*b.x) : *a.x < *b.x;
    };
    std::vector<LiftValue> kept;
    // Of equal lift, TFDV's top has the greatest x and its bottom the least.
    std::sort(values_.begin(), values_.end(), [&](const LiftValue& a, const LiftValue& b) {
      return a.lift != b.lift ? a.lift > b.lift : is_less(b, a);
    });
    const auto size = static_cast<int64_t>(values_.size());
    const bool keeps_all = options_.top_k_per_y == 0 && options_.bottom_k_per_y == 0;
    for (int64_t i = 0; i < size; ++i) {
      if (keeps_all || i < options_.top_k_per_y || i >= size - options_.bottom_k_per_y)
        kept.push_back(values_[static_cast<size_t>(i)]);
    }
    std::sort(kept.begin(), kept.end(), [&](const LiftValue& a, const LiftValue& b) {
      return a.lift != b.lift ? a.lift > b.lift : is_less(a, b);
    });
    return kept;
  }

 private:
  const Column& x_;
  const LiftOptions& options_;
  std::vector<LiftValue> values_;
};

Result<LiftStatistics> LiftStatistics::Make(const arrow::Schema& data, const LiftOptions& lift,
                                            const StatisticsOptions& options) {
  LiftStatistics statistics;
  statistics.options_ = lift;
  statistics.has_weights_ = !options.weight_feature.empty() || !options.per_feature_weight_override.empty();
  const auto column_of = [&](const std::string& name) -> Result<Column> {
    const int place = data.GetFieldIndex(name);
    if (place < 0) {
      return NotFound("The feature '{}' to compute lift of is not in the data{}", name,
                      DidYouMean(name, data.field_names()));
    }
    const auto weight = options.per_feature_weight_override.find(name);
    const bool is_overridden = weight != options.per_feature_weight_override.end();
    return Column{name, ValueType(*data.field(place)->type()).id() == arrow::Type::INT64,
                  is_overridden ? weight->second : options.weight_feature};
  };
  PENSTOCK_ASSIGN_OR_RETURN(statistics.label_, column_of(lift.y_path));
  const bool is_categorical = IsCategorical(data, lift.y_path, options.schema);
  if (is_categorical != lift.y_boundaries.empty()) {
    return InvalidArgument("The label '{}' of lift is {}categorical: it must have {}", lift.y_path,
                           is_categorical ? "" : "not ", is_categorical ? "no y_boundaries" : "y_boundaries");
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names, FeaturesOf(data, lift, options.schema));
  for (const std::string& name : names) {
    PENSTOCK_ASSIGN_OR_RETURN(Column column, column_of(name));
    const arrow::DataType& type = ValueType(*data.GetFieldByName(name)->type());
    if (!IsText(type) && !column.is_integer) {
      return InvalidArgument("The feature '{}' to compute lift of is {}; it must be text or integers", name,
                             type.ToString());
    }
    statistics.features_.push_back(std::move(column));
  }
  return statistics;
}

LiftStatistics::State LiftStatistics::NewState() const {
  State state;
  state.features.resize(features_.size());
  return state;
}

Result<LiftStatistics::Presence> LiftStatistics::PresenceOf(const combine::Batch& batch, const Column& column,
                                                            bool is_label) const {
  Presence presence;
  if (has_weights_ && !column.weight.empty()) {
    const auto weights = batch->GetColumnByName(column.weight);
    if (weights == nullptr) {
      return NotFound("The weight feature '{}' is not in the data{}", column.weight,
                      DidYouMean(column.weight, batch->schema()->field_names()));
    }
    PENSTOCK_ASSIGN_OR_RETURN(presence.weights, ReadWeights(*weights, column.weight));
  }
  if (is_label && !options_.y_boundaries.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto numbers, combine::ColumnNumbers::Read(batch, column.name));
    const auto& bounds = options_.y_boundaries;
    presence.rows.resize(bounds.size() + 1);
    for (size_t bucket = 0; bucket <= bounds.size(); ++bucket)
      presence.values.push_back(fmt::format("{}", bucket));
    for (size_t i = 0; i < numbers.values().size(); ++i) {
      if (std::isnan(numbers.values()[i])) continue;
      const auto above = std::upper_bound(bounds.begin(), bounds.end(), numbers.values()[i]);
      auto& rows = presence.rows[static_cast<size_t>(above - bounds.begin())];
      if (rows.empty() || rows.back() != numbers.RowOf(i)) rows.push_back(numbers.RowOf(i));
    }
    return presence;
  }
  const std::vector<std::string> names = {column.name};
  PENSTOCK_ASSIGN_OR_RETURN(auto groups,
                            combine::GroupRows(batch, names, std::numeric_limits<int64_t>::max()));
  for (combine::RowGroup& group : groups) {
    presence.values.push_back(std::move(group.key.features.front().second));
    presence.rows.push_back(std::move(group.rows));
  }
  return presence;
}

Status LiftStatistics::Add(const combine::Batch& batch, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Presence label, PresenceOf(batch, label_, true));
  state.num_examples += batch->num_rows();
  std::vector<std::vector<size_t>> labels_of_row(static_cast<size_t>(batch->num_rows()));
  for (size_t y = 0; y < label.values.size(); ++y) {
    if (label.rows[y].empty()) continue;
    Tally& tally = state.y[label.values[y]];
    for (const int64_t row : label.rows[y]) {
      statistics::Add(1, label.WeightOf(row), tally);
      labels_of_row[static_cast<size_t>(row)].push_back(y);
    }
  }
  for (size_t i = 0; i < features_.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(const Presence presence, PresenceOf(batch, features_[i], false));
    Feature& feature = state.features[i];
    for (size_t x = 0; x < presence.values.size(); ++x) {
      Tally& of_x = feature.x[presence.values[x]];
      std::vector<Tally> with(label.values.size());
      for (const int64_t row : presence.rows[x]) {
        const double weight = presence.WeightOf(row);
        statistics::Add(1, weight, of_x);
        for (const size_t y : labels_of_row[static_cast<size_t>(row)]) statistics::Add(1, weight, with[y]);
      }
      for (size_t y = 0; y < with.size(); ++y)
        if (with[y].count > 0) statistics::Merge(with[y], feature.xy[{presence.values[x], label.values[y]}]);
    }
  }
  return CheckSize(state);
}

Status LiftStatistics::CheckSize(const State& state) const {
  size_t num_entries = state.y.size();
  for (const Feature& feature : state.features) num_entries += feature.x.size() + feature.xy.size();
  if (static_cast<int64_t>(num_entries) <= kMaxEntries) return OkStatus();
  return InvalidArgument(
      "Lift on '{}' would count more than {} values and pairs of values; name features with fewer values in "
      "x_paths",
      label_.name, kMaxEntries);
}

Status LiftStatistics::Merge(const State& from, State& into) const {
  into.num_examples += from.num_examples;
  MergeAll(from.y, into.y);
  for (size_t i = 0; i < features_.size(); ++i) {
    MergeAll(from.features[i].x, into.features[i].x);
    MergeAll(from.features[i].xy, into.features[i].xy);
  }
  return CheckSize(into);
}

std::string LiftStatistics::StartSeries(const std::string& y, double num_y, bool is_weighted,
                                        v0::LiftSeries& series) const {
  is_weighted ? series.set_weighted_y_count(num_y) : series.set_y_count(static_cast<uint64_t>(num_y));
  const auto& bounds = options_.y_boundaries;
  if (!bounds.empty()) {
    const auto bucket = static_cast<size_t>(IntegerOf(y));
    const double infinity = std::numeric_limits<double>::infinity();
    const double low = bucket == 0 ? -infinity : bounds[bucket - 1];
    const double high = bucket == bounds.size() ? infinity : bounds[bucket];
    series.mutable_y_bucket()->set_low_value(low);
    series.mutable_y_bucket()->set_high_value(high);
    return fmt::format("[{},{}{}", RealText(low), RealText(high), high == infinity ? "]" : ")");
  }
  if (label_.is_integer) {
    series.set_y_int(static_cast<int32_t>(IntegerOf(y)));
    return y;
  }
  series.set_y_string(Utf8OrPlaceholder(y));
  return series.y_string();
}

void LiftStatistics::FinishFeature(const State& state, size_t feature, bool is_weighted,
                                   Output& output) const {
  const Feature& counts = state.features[feature];
  const Column& column = features_[feature];
  auto& cross = *output.mutable_cross_features(output.cross_features_size() - 1);
  auto& named = *output.mutable_features(output.features_size() - 1);
  for (const auto* label : LabelsInOrder(state)) {
    const double num_y = Of(label->second, is_weighted);
    Series values(column, options_);
    for (const auto& [x, tally] : counts.x) {
      const double num_x = Of(tally, is_weighted);
      const bool is_rare = options_.min_x_count > 0 && num_x <= static_cast<double>(options_.min_x_count);
      if (is_rare || num_x <= 0 || num_y <= 0) continue;
      const auto both = counts.xy.find({x, label->first});
      const double num_xy = both == counts.xy.end() ? 0 : Of(both->second, is_weighted);
      values.Add({&x, (num_xy / num_x) / (num_y / static_cast<double>(state.num_examples)), num_xy, num_x});
    }
    const std::vector<LiftValue> kept = values.Take();
    if (kept.empty()) continue;
    auto& series = *cross.mutable_categorical_cross_stats()->mutable_lift()->add_lift_series();
    const std::string shown = StartSeries(label->first, num_y, is_weighted, series);
    for (const LiftValue& value : kept)
      FillLift(value.lift, value.num_x, value.num_xy, is_weighted, *series.add_lift_values());
    for (size_t i = 0; i < kept.size(); ++i) {
      auto& out = *series.mutable_lift_values(static_cast<int>(i));
      column.is_integer ? out.set_x_int(static_cast<int32_t>(IntegerOf(*kept[i].x)))
                        : out.set_x_string(Utf8OrPlaceholder(*kept[i].x));
    }
    if (!options_.output_custom_stats) continue;
    auto& custom = *named.add_custom_stats();
    custom.set_name(fmt::format("Lift (Y={})", shown));
    for (const LiftValue& value : kept) {
      auto& bucket = *custom.mutable_rank_histogram()->add_buckets();
      bucket.set_label(column.is_integer ? *value.x : Utf8OrPlaceholder(*value.x));
      bucket.set_sample_count(value.lift);
    }
  }
}

std::vector<const std::pair<const std::string, LiftStatistics::Tally>*> LiftStatistics::LabelsInOrder(
    const State& state) const {
  std::vector<const std::pair<const std::string, Tally>*> labels;
  for (const auto& label : state.y) labels.push_back(&label);
  if (label_.is_integer || !options_.y_boundaries.empty()) {
    std::sort(labels.begin(), labels.end(),
              [](const auto* a, const auto* b) { return IntegerOf(a->first) < IntegerOf(b->first); });
  }
  return labels;
}

Result<LiftStatistics::Output> LiftStatistics::Finish(const State& state) const {
  Output output;
  for (size_t i = 0; i < features_.size(); ++i) {
    auto& cross = *output.add_cross_features();
    cross.mutable_path_x()->add_step(features_[i].name);
    cross.mutable_path_y()->add_step(label_.name);
    output.add_features()->mutable_path()->add_step(features_[i].name);
    FinishFeature(state, i, false, output);
    if (has_weights_) FinishFeature(state, i, true, output);
    if (!cross.has_categorical_cross_stats()) output.mutable_cross_features()->RemoveLast();
    if (output.features(output.features_size() - 1).custom_stats().empty())
      output.mutable_features()->RemoveLast();
  }
  return output;
}

combine::Bytes LiftStatistics::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(kStateVersion);
  WriteCount(state.num_examples, writer);
  const auto encode = [&](const std::map<std::string, Tally>& tallies) {
    writer.Varint(tallies.size());
    for (const auto& [value, tally] : tallies) {
      writer.Text(value);
      EncodeTally(tally, writer);
    }
  };
  encode(state.y);
  for (const Feature& feature : state.features) {
    encode(feature.x);
    writer.Varint(feature.xy.size());
    for (const auto& [pair, tally] : feature.xy) {
      writer.Text(pair.first).Text(pair.second);
      EncodeTally(tally, writer);
    }
  }
  return std::move(writer).Take();
}

Result<LiftStatistics::State> LiftStatistics::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "LiftStatistics");
  reader.Version(kStateVersion);
  State state = NewState();
  state.num_examples = ReadCount(reader);
  const auto decode = [&](std::map<std::string, Tally>& tallies) {
    for (uint64_t left = reader.Count(2); left > 0 && reader.ok(); --left) {
      std::string value(reader.Text());
      tallies[std::move(value)] = DecodeTally(reader);
    }
  };
  decode(state.y);
  for (Feature& feature : state.features) {
    decode(feature.x);
    for (uint64_t left = reader.Count(3); left > 0 && reader.ok(); --left) {
      std::string x(reader.Text());
      std::string y(reader.Text());
      feature.xy[{std::move(x), std::move(y)}] = DecodeTally(reader);
    }
  }
  // A damaged bucket number must not become an index.
  for (const auto& [y, tally] : state.y) {
    if (options_.y_boundaries.empty()) break;
    const int64_t bucket = IntegerOf(y);
    if (bucket < 0 || bucket > static_cast<int64_t>(options_.y_boundaries.size()))
      reader.Fail("there is no such bucket of the label");
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest LiftStatistics::Fingerprint() const {
  DigestBuilder builder;
  builder.Add("LiftStatistics").Add(int64_t{kStateVersion});
  builder.Add(options_.min_x_count).Add(options_.top_k_per_y).Add(options_.bottom_k_per_y);
  builder.Add(int64_t{options_.output_custom_stats}).Add(int64_t{has_weights_});
  for (const double bound : options_.y_boundaries) builder.Add(bound);
  const auto add = [&](const Column& column) {
    builder.Add(column.name).Add(int64_t{column.is_integer}).Add(column.weight);
  };
  add(label_);
  for (const Column& feature : features_) add(feature);
  return builder.Finish();
}

static_assert(combine::Combiner<LiftStatistics>);

}  // namespace penstock::statistics
