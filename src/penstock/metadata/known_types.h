#pragma once

#include <span>
#include <string_view>

namespace penstock::metadata {

/// ML Metadata's numbers of property types.
enum class PropertyType { kInteger = 1, kDouble = 2, kString = 3, kBoolean = 6 };

struct KnownProperty {
  std::string_view name;
  PropertyType type;
};

/// What TFX declares of a standard type, so that its tools find Penstock's artifacts alike.
struct KnownType {
  std::string_view name;
  std::string_view base_type;  ///< One of ML Metadata's simple types ("mlmd.Dataset"), or empty.
  std::span<const KnownProperty> properties;  ///< All others are custom properties.
};

/// Null for a type of the user's own: it has no declared properties.
const KnownType* FindKnownArtifactType(std::string_view name);
const KnownType* FindKnownExecutionType(std::string_view name);

/// The context types every execution has one of, under TFX's names.
inline constexpr std::string_view kPipelineContextType = "pipeline";
inline constexpr std::string_view kRunContextType = "pipeline_run";
inline constexpr std::string_view kNodeContextType = "node";

}  // namespace penstock::metadata
