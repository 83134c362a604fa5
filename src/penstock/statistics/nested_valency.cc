#include "penstock/statistics/nested_valency.h"

#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "penstock/base/arrow_status.h"
#include "penstock/statistics/histogram_protos.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::CustomStatistic;
using tensorflow::metadata::v0::FeatureNameStatistics;

namespace {

/// Where the elements of one level belong.
struct Owners {
  std::vector<int64_t> outermost;  // The element of the outermost array.
  std::vector<double> weights;
};

/// Counts the lists of one level; the owners of their values.
template <class ListArray>
Owners AddLevel(const ListArray& lists, const Owners& owners, ValencySummary& valency,
                WeightedPresence* weighted) {
  std::map<int64_t, int64_t> num_of_length;
  Owners of_values;
  for (int64_t i = 0; i < lists.length(); ++i) {
    if (lists.IsNull(i)) continue;
    const int64_t length = lists.value_length(i);
    const auto at = static_cast<size_t>(i);
    ++num_of_length[length];
    of_values.outermost.insert(of_values.outermost.end(), static_cast<size_t>(length), owners.outermost[at]);
    if (weighted == nullptr) continue;
    weighted->Add(owners.weights[at], length);
    of_values.weights.insert(of_values.weights.end(), static_cast<size_t>(length), owners.weights[at]);
  }
  for (const auto& [length, num_lists] : num_of_length) valency.Add(length, num_lists);
  return of_values;
}

}  // namespace

NestedValency::NestedValency(double epsilon, int num_levels, bool is_weighted)
    : levels_(static_cast<size_t>(num_levels), ValencySummary(epsilon)),
      weighted_levels_(is_weighted ? static_cast<size_t>(num_levels) : 0) {}

Result<NestedValency::Innermost> NestedValency::Add(const std::shared_ptr<arrow::Array>& lists,
                                                    std::span<const double> weights) {
  Owners owners;
  owners.weights.assign(weights.begin(), weights.end());
  Innermost innermost;
  for (int64_t i = 0; i < lists->length(); ++i) {
    owners.outermost.push_back(i);
    innermost.num_values.push_back(lists->IsNull(i) ? -1 : 0);
  }
  innermost.values = lists;
  for (size_t level = 0; level < levels_.size(); ++level) {
    WeightedPresence* const weighted = weighted_levels_.empty() ? nullptr : &weighted_levels_[level];
    if (innermost.values->type_id() == arrow::Type::LIST) {
      const auto at_level = std::static_pointer_cast<arrow::ListArray>(innermost.values);
      owners = AddLevel(*at_level, owners, levels_[level], weighted);
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(innermost.values, at_level->Flatten());
    } else {
      const auto at_level = std::static_pointer_cast<arrow::LargeListArray>(innermost.values);
      owners = AddLevel(*at_level, owners, levels_[level], weighted);
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(innermost.values, at_level->Flatten());
    }
  }
  for (const int64_t owner : owners.outermost) ++innermost.num_values[static_cast<size_t>(owner)];
  innermost.weights = std::move(owners.weights);
  return innermost;
}

Status NestedValency::Merge(const NestedValency& from) {
  for (size_t level = 0; level < levels_.size(); ++level)
    PENSTOCK_RETURN_IF_ERROR(levels_[level].Merge(from.levels_[level]));
  for (size_t level = 0; level < weighted_levels_.size(); ++level)
    weighted_levels_[level].Merge(from.weighted_levels_[level]);
  return OkStatus();
}

void NestedValency::Finish(int64_t num_parents, double weighted_num_parents, CommonStatistics& out) const {
  for (const ValencySummary& level : levels_) {
    level.FinishPresence(num_parents, *out.add_presence_and_valency_stats());
    num_parents = level.total_num_values();
  }
  for (const WeightedPresence& level : weighted_levels_) {
    level.Finish(weighted_num_parents, *out.add_weighted_presence_and_valency_stats());
    weighted_num_parents = level.total_num_values();
  }
}

void NestedValency::FinishLengths(int num_buckets, FeatureNameStatistics& out) const {
  for (size_t level = 1; level < levels_.size(); ++level) {
    if (levels_[level].num_non_missing() == 0) continue;
    CustomStatistic& quantiles = *out.add_custom_stats();
    quantiles.set_name(fmt::format("level_{}_value_list_length_quantiles", level + 1));
    *quantiles.mutable_histogram() = levels_[level].LengthQuantiles(num_buckets);
    CustomStatistic& standard = *out.add_custom_stats();
    standard.set_name(fmt::format("level_{}_value_list_length_standard", level + 1));
    *standard.mutable_histogram() = levels_[level].LengthHistogram(num_buckets);
  }
}

void NestedValency::Encode(combine::StateWriter& writer) const {
  writer.Varint(levels_.size());
  for (const ValencySummary& level : levels_) level.Encode(writer);
  for (const WeightedPresence& level : weighted_levels_) level.Encode(writer);
}

Status NestedValency::DecodeFrom(combine::StateReader& reader) {
  if (reader.Count(1) != levels_.size()) reader.Fail("a feature is nested otherwise");
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  for (ValencySummary& level : levels_) {
    PENSTOCK_ASSIGN_OR_RETURN(level, ValencySummary::Decode(reader));
  }
  for (WeightedPresence& level : weighted_levels_) level.Decode(reader);
  return reader.status();
}

}  // namespace penstock::statistics
