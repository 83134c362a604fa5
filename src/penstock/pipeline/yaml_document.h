#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"

namespace penstock::pipeline {

struct YamlEntry;

/// A value of a YAML document with the place it stands at, so that whoever reads it can say
/// where something is wrong. A tree of values; aliases are expanded.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };
  Kind kind = Kind::kNull;
  std::string text;        ///< Of a scalar.
  bool is_quoted = false;  ///< A quoted scalar is text, whatever it looks like.
  std::vector<YamlNode> items;
  std::vector<YamlEntry> entries;
  int line = 1;  ///< Counted from 1.
  int column = 1;

  /// The value of `key` in a mapping, or null.
  const YamlNode* Find(std::string_view key) const;
  /// "file:line:column".
  std::string Where(std::string_view file) const;
};

struct YamlEntry {
  YamlNode key;  ///< A scalar.
  YamlNode value;
};

struct YamlLimits {
  size_t num_bytes = 1 << 20;
  int depth = 64;
  size_t num_values = 100'000;  ///< After expansion of aliases.
};

/// The documents of a stream. kInvalidArgument with "name:line:column: " for syntax errors, repeated keys,
/// keys that are not scalars, invalid UTF-8, and anything beyond the limits.
Result<std::vector<YamlNode>> ParseYaml(std::string_view text, const std::string& name,
                                        const YamlLimits& limits);

/// By YAML 1.2's core schema, with one difference: digits with a leading zero ("007") are text, because
/// YAML 1.1 readers take them for octal. kInvalidArgument for .inf and .nan, which JSON cannot hold.
Result<nlohmann::json> YamlToJson(const YamlNode& node, std::string_view file);

/// `value` as block-style YAML, keys in the order of the JSON (alphabetical); text that any
/// YAML version could take for something else is quoted. Ends with a newline.
std::string PrintYaml(const nlohmann::json& value);

}  // namespace penstock::pipeline
