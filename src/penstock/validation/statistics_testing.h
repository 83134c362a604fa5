#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/validation/statistics_validation.h"

namespace penstock::validation::testing_support {

namespace tfmd = ::tensorflow::metadata::v0;

/// A message of text format; a fault in the text fails the test.
template <class Message>
Message Parse(const std::string& text) {
  Message message;
  const Status status = ParseTextProto(text, "test", message);
  EXPECT_TRUE(status.ok()) << status;
  return message;
}

inline tfmd::Schema ParseSchema(const std::string& text) { return Parse<tfmd::Schema>(text); }
inline tfmd::DatasetFeatureStatistics ParseStatistics(const std::string& text) {
  return Parse<tfmd::DatasetFeatureStatistics>(text);
}

/// The anomalies of `statistics`; a refusal fails the test.
inline tfmd::Anomalies Validate(const tfmd::DatasetFeatureStatistics& statistics, const tfmd::Schema& schema,
                                const ValidateOptions& options = {}) {
  auto anomalies = ValidateStatistics(statistics, schema, options);
  EXPECT_TRUE(anomalies.ok()) << anomalies.status();
  return anomalies.ok() ? *std::move(anomalies) : tfmd::Anomalies();
}

/// The names of the types of a feature's reasons, in order.
inline std::vector<std::string> ReasonTypes(const tfmd::AnomalyInfo& info) {
  std::vector<std::string> types;
  for (const auto& reason : info.reason()) types.push_back(tfmd::AnomalyInfo::Type_Name(reason.type()));
  return types;
}

inline std::vector<std::string> ReasonTypes(const tfmd::Anomalies& anomalies, const std::string& feature) {
  const auto entry = anomalies.anomaly_info().find(feature);
  return entry == anomalies.anomaly_info().end() ? std::vector<std::string>() : ReasonTypes(entry->second);
}

/// Ten examples, one feature "f" of the given type and statistics: `common` goes into common_stats (all ten
/// present and one value each unless it says otherwise), `rest` beside it.
inline tfmd::DatasetFeatureStatistics OneFeature(const std::string& type, const std::string& rest = "",
                                                 const std::string& common = "") {
  const std::string stats = type == "STRING" ? "string_stats" : type == "BYTES" ? "bytes_stats" : "num_stats";
  auto base = ParseStatistics("num_examples: 10 features { name: 'f' type: " + type + " " + stats +
                              " { common_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 1 "
                              "avg_num_values: 1 tot_num_values: 10 } " +
                              rest + " } }");
  if (!common.empty()) {
    auto change = ParseStatistics("features { " + stats + " { common_stats { " + common + " } } }");
    tfmd::FeatureNameStatistics merged = base.features(0);
    merged.MergeFrom(change.features(0));
    *base.mutable_features(0) = merged;
  }
  return base;
}

/// OneFeature of type INT that no example has.
inline tfmd::DatasetFeatureStatistics OneFeatureWithoutValues() {
  return ParseStatistics(
      "num_examples: 10 features { name: 'f' type: INT num_stats { common_stats { num_missing: 10 } } }");
}

/// What is found in OneFeature(type, rest, common) against a schema with one feature "f" that has `feature`.
inline std::vector<std::string> TypesFound(const tfmd::DatasetFeatureStatistics& statistics,
                                           const std::string& feature) {
  return ReasonTypes(Validate(statistics, ParseSchema("feature { name: 'f' " + feature + " }")), "f");
}

inline std::string DescriptionFound(const tfmd::DatasetFeatureStatistics& statistics,
                                    const std::string& feature) {
  const auto anomalies = Validate(statistics, ParseSchema("feature { name: 'f' " + feature + " }"));
  const auto entry = anomalies.anomaly_info().find("f");
  return entry == anomalies.anomaly_info().end() ? "" : entry->second.description();
}

}  // namespace penstock::validation::testing_support
