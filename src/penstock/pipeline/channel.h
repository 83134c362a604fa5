#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/pipeline/artifact.h"

namespace penstock::pipeline {

/// A tag that stands for an artifact type in C++ types: `static constexpr std::string_view kType`.
template <class Type>
concept ArtifactType = requires {
  { Type::kType } -> std::convertible_to<std::string_view>;
};

struct Examples {
  static constexpr std::string_view kType = types::kExamples;
};
struct Statistics {
  static constexpr std::string_view kType = types::kStatistics;
};
struct Schema {
  static constexpr std::string_view kType = types::kSchema;
};
struct Anomalies {
  static constexpr std::string_view kType = types::kAnomalies;
};
struct TransformGraph {
  static constexpr std::string_view kType = types::kTransformGraph;
};
struct Model {
  static constexpr std::string_view kType = types::kModel;
};
struct ModelRun {
  static constexpr std::string_view kType = types::kModelRun;
};
struct ModelEvaluation {
  static constexpr std::string_view kType = types::kModelEvaluation;
};
struct ModelBlessing {
  static constexpr std::string_view kType = types::kModelBlessing;
};
struct InfraBlessing {
  static constexpr std::string_view kType = types::kInfraBlessing;
};
struct HyperParameters {
  static constexpr std::string_view kType = types::kHyperParameters;
};
struct TunerResults {
  static constexpr std::string_view kType = types::kTunerResults;
};
struct ExamplesDiff {
  static constexpr std::string_view kType = types::kExamplesDiff;
};
struct PushedModel {
  static constexpr std::string_view kType = types::kPushedModel;
};

/// The promise of an artifact: which node's which output. A value; carries the artifact
/// type in the C++ type, so that wiring a Schema where Examples are due does not compile.
/// A default-constructed channel promises nothing: an input left open.
template <ArtifactType Type>
class Channel {
 public:
  Channel() = default;
  Channel(std::string producer, std::string output)
      : producer_(std::move(producer)), output_(std::move(output)) {}

  bool IsOpen() const { return producer_.empty(); }
  /// The id of the node that makes the artifact.
  const std::string& producer() const { return producer_; }
  /// The name of that node's output port.
  const std::string& output() const { return output_; }

 private:
  std::string producer_;
  std::string output_;
};

}  // namespace penstock::pipeline
