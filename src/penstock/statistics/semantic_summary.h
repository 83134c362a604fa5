#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/array.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/state_codec.h"

namespace penstock::statistics {

/// What a feature's values look like: natural language, times, images. The statistics of TFDV's
/// enable_semantic_domain_stats (natural_language_domain_inferring_stats_generator, time_stats_generator,
/// image_stats_generator), by their rules: from 100 values on, where at least 80 % match.
/// Exact counts over all values (TFDV takes the first 100 of each batch for natural language). Memory: a
/// count a format.
class SemanticSummary {
 public:
  SemanticSummary();

  /// `values`: as the feature's; nulls are no values. Text costs a look at most 100 bytes for language and at
  /// the time formats that its first byte allows.
  void Add(const arrow::Array& values);
  void Merge(const SemanticSummary& from);
  /// Appends to custom_stats: domain_info and match rates.
  void Finish(tensorflow::metadata::v0::FeatureNameStatistics& out) const;

  void Encode(combine::StateWriter& writer) const;
  static Result<SemanticSummary> Decode(combine::StateReader& reader);

 private:
  static constexpr size_t kNumImageFormats = 5;  // The last: unknown.
  static constexpr size_t kNumIntegerFormats = 5;
  template <class Array>
  void AddTexts(const Array& values);
  void AddText(std::string_view text);
  void AddIntegers(const arrow::Int64Array& values);
  bool Enough(int64_t num_matching) const;
  void FinishImages(tensorflow::metadata::v0::FeatureNameStatistics& out) const;
  void FinishTimes(tensorflow::metadata::v0::FeatureNameStatistics& out) const;

  int64_t num_values_ = 0;
  int64_t num_not_utf8_ = 0;
  int64_t num_empty_ = 0;
  int64_t num_natural_ = 0;
  std::array<int64_t, kNumImageFormats> num_images_{};
  std::array<int64_t, kNumIntegerFormats> num_unix_times_{};
  std::vector<std::string> formats_;  // Of times as text.
  std::vector<int64_t> num_times_;    // By format.
};

}  // namespace penstock::statistics
