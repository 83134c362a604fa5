#include "penstock/metadata/known_types.h"

#include <algorithm>
#include <array>

#include "penstock/pipeline/artifact.h"

namespace penstock::metadata {
namespace {

// TFX 1.x: types/standard_artifacts.py.
constexpr std::array kSpanProperties = {KnownProperty{"span", PropertyType::kInteger},
                                        KnownProperty{"version", PropertyType::kInteger},
                                        KnownProperty{"split_names", PropertyType::kString}};
constexpr std::array kStatisticsProperties = {KnownProperty{"span", PropertyType::kInteger},
                                              KnownProperty{"split_names", PropertyType::kString}};

constexpr std::array kArtifactTypes = {
    KnownType{pipeline::types::kExamples, "mlmd.Dataset", kSpanProperties},
    KnownType{pipeline::types::kStatistics, "mlmd.Statistics", kStatisticsProperties},
    KnownType{pipeline::types::kAnomalies, "", kStatisticsProperties},
    KnownType{pipeline::types::kModel, "mlmd.Model", {}},
    KnownType{pipeline::types::kModelEvaluation, "mlmd.Metrics", {}},
};

constexpr std::array kExecutionTypes = {
    KnownType{"StatisticsGen", "mlmd.Process", {}},
    KnownType{"SchemaGen", "mlmd.Process", {}},
    KnownType{"ExampleValidator", "mlmd.Process", {}},
    KnownType{"Transform", "mlmd.Transform", {}},
    KnownType{"Trainer", "mlmd.Train", {}},
    KnownType{"Evaluator", "mlmd.Evaluate", {}},
    KnownType{"Pusher", "mlmd.Deploy", {}},
};

template <class Types>
const KnownType* Find(const Types& types, std::string_view name) {
  const auto found =
      std::find_if(types.begin(), types.end(), [&](const KnownType& type) { return type.name == name; });
  return found == types.end() ? nullptr : &*found;
}

}  // namespace

const KnownType* FindKnownArtifactType(std::string_view name) { return Find(kArtifactTypes, name); }
const KnownType* FindKnownExecutionType(std::string_view name) { return Find(kExecutionTypes, name); }

}  // namespace penstock::metadata
