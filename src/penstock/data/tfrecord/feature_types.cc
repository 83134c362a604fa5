#include "penstock/data/tfrecord/feature_types.h"

#include <arrow/util/utf8.h>

#include "penstock/data/csv/tokenizer.h"

namespace penstock::data::tfrecord {
namespace {

constexpr ValueKind kKinds[] = {ValueKind::kBytes, ValueKind::kFloat, ValueKind::kInteger};

ValueKind KindOf(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::kInteger:
      return ValueKind::kInteger;
    case FeatureKind::kFloat:
      return ValueKind::kFloat;
    case FeatureKind::kBytes:
      break;
  }
  return ValueKind::kBytes;
}

void KeepFirst(const RecordPlace& place, RecordPlace& first) {
  if (place.IsBefore(first)) first = place;
}

// Counts the values and says whether all bytes are UTF-8; -1: the list is malformed.
int64_t CountValues(const FeatureView& feature, bool& is_utf8) {
  int64_t num_values = 0;
  bool is_well_formed = false;
  switch (feature.kind) {
    case ValueKind::kBytes:
      is_well_formed = ForEachBytes(feature.list, [&](std::string_view value) {
        ++num_values;
        if (is_utf8 && !csv::IsAscii(value)) is_utf8 = arrow::util::ValidateUTF8(value);
      });
      break;
    case ValueKind::kFloat:
      is_well_formed = ForEachFloat(feature.list, [&](float) { ++num_values; });
      break;
    case ValueKind::kInteger:
      is_well_formed = ForEachInteger(feature.list, [&](int64_t) { ++num_values; });
      break;
    case ValueKind::kUnset:
      return 0;
  }
  return is_well_formed ? num_values : -1;
}

std::string PlaceText(const RecordPlace& place, const std::vector<std::string>& paths) {
  return fmt::format("{}, record {}", paths[static_cast<size_t>(place.file)], place.record_number);
}

}  // namespace

void FeatureProfile::MergeFrom(const FeatureProfile& other) {
  for (size_t kind = 0; kind < first_of_kind.size(); ++kind)
    KeepFirst(other.first_of_kind[kind], first_of_kind[kind]);
  KeepFirst(other.first_not_single, first_not_single);
  KeepFirst(other.first_not_utf8, first_not_utf8);
}

void RecordProfiles::MergeFrom(const RecordProfiles& other) {
  for (const auto& [name, profile] : other.features) features[name].MergeFrom(profile);
  for (const auto& [name, profile] : other.sequences) sequences[name].MergeFrom(profile);
  has_feature_lists = has_feature_lists || other.has_feature_lists;
  num_records += other.num_records;
}

FeatureProfile* FeatureProfiler::Named::Find(std::string_view name) {
  int number = index.Find(name);
  if (number < 0) {
    if (name.empty() || !arrow::util::ValidateUTF8(name)) return nullptr;
    number = index.Add(name);
    profiles.emplace_back();
  }
  return &profiles[static_cast<size_t>(number)];
}

FeatureProfiles FeatureProfiler::Named::Finish() const {
  FeatureProfiles named;
  for (size_t i = 0; i < profiles.size(); ++i) named.emplace(index.names()[i], profiles[i]);
  return named;
}

const char* FeatureProfiler::Add(std::string_view record, RecordPlace place) {
  ++num_records_;
  features_.index.StartRecord();
  sequences_.index.StartRecord();
  const char* fault = nullptr;
  const auto look_at = [&](const FeatureView& feature, FeatureProfile& profile) {
    KeepFirst(place, profile.first_of_kind[static_cast<size_t>(feature.kind)]);
    if (feature.kind == ValueKind::kUnset) return;
    bool is_utf8 = true;
    const int64_t num_values = CountValues(feature, is_utf8);
    if (num_values < 0) fault = "a feature's list of values is malformed";
    if (num_values != 1) KeepFirst(place, profile.first_not_single);
    if (!is_utf8) KeepFirst(place, profile.first_not_utf8);
  };
  const auto find = [&](Named& named, std::string_view name) {
    FeatureProfile* const profile = named.Find(name);
    if (profile == nullptr) fault = "a feature's name is empty or not UTF-8";
    return profile;
  };
  const auto on_feature = [&](std::string_view name, const FeatureView& feature) {
    if (FeatureProfile* const profile = find(features_, name)) look_at(feature, *profile);
  };
  const auto on_list = [&](std::string_view name, std::string_view list) {
    FeatureProfile* const profile = find(sequences_, name);
    if (profile == nullptr) return;
    const auto look = [&](const FeatureView& feature) { look_at(feature, *profile); };
    if (!ForEachFeature(list, look)) fault = "a feature list is malformed";
  };
  const char* const malformed = ParseExample(record, on_feature, [&](std::string_view lists) {
    has_feature_lists_ = true;
    return ParseFeatureLists(lists, on_list);
  });
  return malformed != nullptr ? malformed : fault;
}

RecordProfiles FeatureProfiler::Finish() const {
  return {features_.Finish(), sequences_.Finish(), has_feature_lists_, num_records_};
}

Result<std::vector<FeatureColumnType>> DecideFeatureTypes(
    const FeatureProfiles& profiles, const std::map<std::string, DeclaredFeature, std::less<>>& declared,
    const std::vector<std::string>& paths) {
  std::vector<FeatureColumnType> types;
  for (const auto& [name, profile] : profiles) {
    FeatureColumnType type{name, ValueKind::kUnset, profile.first_not_utf8.record_number == 0,
                           profile.first_not_single.record_number != 0};
    auto place_of = [&, &profile = profile](ValueKind kind) {
      return profile.first_of_kind[static_cast<size_t>(kind)];
    };
    for (const ValueKind kind : kKinds) {
      if (place_of(kind).record_number == 0) continue;
      if (type.kind != ValueKind::kUnset) {
        const bool is_later = place_of(type.kind).IsBefore(place_of(kind));
        const ValueKind first = is_later ? type.kind : kind;
        const ValueKind later = is_later ? kind : type.kind;
        return InvalidArgument("{}: feature '{}' is a {}, but it is a {} in {}",
                               PlaceText(place_of(later), paths), name, KindName(later), KindName(first),
                               PlaceText(place_of(first), paths));
      }
      type.kind = kind;
    }
    if (const auto feature = declared.find(name); feature != declared.end()) {
      const ValueKind wanted = KindOf(feature->second.kind);
      if (type.kind != ValueKind::kUnset && type.kind != wanted)
        return InvalidArgument("{}: feature '{}' is a {}, but the schema declares a {}",
                               PlaceText(place_of(type.kind), paths), name, KindName(type.kind),
                               KindName(wanted));
      type.kind = wanted;
      const bool is_list = feature->second.is_list.value_or(type.is_list);
      if (type.is_list && !is_list)
        return InvalidArgument("{}: feature '{}' does not have exactly one value, as the schema declares",
                               PlaceText(profile.first_not_single, paths), name);
      type.is_list = is_list;
    }
    if (type.kind == ValueKind::kUnset) type.kind = ValueKind::kBytes;
    types.push_back(std::move(type));
  }
  return types;
}

}  // namespace penstock::data::tfrecord
