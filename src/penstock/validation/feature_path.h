#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tensorflow_metadata/proto/v0/path.pb.h>

namespace penstock::validation {

/// Where a feature lies: one step for a column, more for a field of a struct. A value; ordered step by step.
class FeaturePath {
 public:
  FeaturePath() = default;
  explicit FeaturePath(std::vector<std::string> steps) : steps_(std::move(steps)) {}
  explicit FeaturePath(const tensorflow::metadata::v0::Path& path)
      : steps_(path.step().begin(), path.step().end()) {}

  bool empty() const { return steps_.empty(); }
  size_t size() const { return steps_.size(); }
  const std::vector<std::string>& steps() const { return steps_; }
  FeaturePath Child(std::string_view step) const;
  /// Without its last step. The path must not be empty.
  FeaturePath Parent() const;

  /// The steps joined by dots; a step that holds a dot, a quote or a parenthesis stands in single quotes,
  /// quotes inside doubled: the keys of Anomalies.anomaly_info (SERIALIZED_PATH).
  std::string Serialize() const;
  tensorflow::metadata::v0::Path ToProto() const;

  auto operator<=>(const FeaturePath&) const = default;

 private:
  std::vector<std::string> steps_;
};

}  // namespace penstock::validation
