#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/data/declared_features.h"
#include "penstock/data/tfrecord/example_wire.h"
#include "penstock/data/tfrecord/feature_index.h"

namespace penstock::data::tfrecord {

/// A record, for a message.
struct RecordPlace {
  int file = 0;
  int64_t record_number = 0;  ///< 1-based; 0: there is none.

  bool IsBefore(const RecordPlace& other) const {
    if (record_number == 0 || other.record_number == 0) return record_number != 0;
    return std::tie(file, record_number) < std::tie(other.file, other.record_number);
  }
};

/// What one feature looks like over some records: where it first was of each kind, had other than one
/// value, or was no UTF-8. Merging commutes.
struct FeatureProfile {
  std::array<RecordPlace, 4> first_of_kind;
  RecordPlace first_not_single;
  RecordPlace first_not_utf8;

  void MergeFrom(const FeatureProfile& other);
};

using FeatureProfiles = std::map<std::string, FeatureProfile, std::less<>>;

/// The features of Examples or of contexts, and the lists of SequenceExamples: of these, what their elements
/// look like.
struct RecordProfiles {
  FeatureProfiles features;
  FeatureProfiles sequences;
  bool has_feature_lists = false;
  int64_t num_records = 0;

  void MergeFrom(const RecordProfiles& other);
};

/// Profiles records, one after the other. Not for concurrent use.
class FeatureProfiler {
 public:
  /// Null, or what is wrong with the record.
  const char* Add(std::string_view record, RecordPlace place);
  RecordProfiles Finish() const;

 private:
  /// Profiles by name.
  struct Named {
    FeatureIndex index;
    std::vector<FeatureProfile> profiles;

    FeatureProfile* Find(std::string_view name);
    FeatureProfiles Finish() const;
  };

  Named features_;
  Named sequences_;
  bool has_feature_lists_ = false;
  int64_t num_records_ = 0;
};

/// A feature as a column of batches.
struct FeatureColumnType {
  std::string name;
  ValueKind kind = ValueKind::kBytes;  ///< kBytes where no record sets a kind.
  bool is_utf8 = true;
  bool is_list = false;
};

/// The columns, in alphabetical order: a feature's kind is the only one its records have, a column is a list
/// unless every record that has the feature has one value, bytes are utf8 when all are. What a schema
/// declares overrides the last two, and must agree with the first. Errors name file, record and feature.
Result<std::vector<FeatureColumnType>> DecideFeatureTypes(
    const FeatureProfiles& profiles, const std::map<std::string, DeclaredFeature, std::less<>>& declared,
    const std::vector<std::string>& paths);

}  // namespace penstock::data::tfrecord
