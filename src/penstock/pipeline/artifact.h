#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/digest.h"

namespace penstock::pipeline {

enum class ArtifactState { kPending, kLive, kAbandoned, kDeleted };

/// A named, typed piece of data at a URI. Immutable once kLive: new content is a new
/// artifact, so equal digests always mean equal bytes.
struct Artifact {
  int64_t id = 0;    ///< Of the metadata store; 0 before it is stored.
  std::string name;  ///< Unique within its type, or empty.
  std::string type;  ///< "Examples", "Schema", ...: see artifact_types.h.
  std::string uri;   ///< A folder (or file) under the pipeline root.
  Digest content;    ///< Of the bytes under `uri`; zero until kLive.
  ArtifactState state = ArtifactState::kPending;
  /// What an executor says of it: scalars only (JSON string, integer, double, bool).
  nlohmann::json properties = nlohmann::json::object();
};

/// The artifact types of the standard components, under TFX's names.
namespace types {
inline constexpr std::string_view kExamples = "Examples";
inline constexpr std::string_view kStatistics = "ExampleStatistics";
inline constexpr std::string_view kSchema = "Schema";
inline constexpr std::string_view kAnomalies = "ExampleAnomalies";
inline constexpr std::string_view kTransformGraph = "TransformGraph";
inline constexpr std::string_view kModel = "Model";
inline constexpr std::string_view kModelRun = "ModelRun";
inline constexpr std::string_view kModelEvaluation = "ModelEvaluation";
inline constexpr std::string_view kModelBlessing = "ModelBlessing";
inline constexpr std::string_view kInfraBlessing = "InfraBlessing";
inline constexpr std::string_view kHyperParameters = "HyperParameters";
inline constexpr std::string_view kTunerResults = "TunerResults";
inline constexpr std::string_view kExamplesDiff = "ExamplesDiff";
inline constexpr std::string_view kPushedModel = "PushedModel";
}  // namespace types

}  // namespace penstock::pipeline
