#pragma once

#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

namespace penstock::validation {

/// One way in which two schemas differ.
struct SchemaChange {
  enum class Kind { kAdded, kRemoved, kChanged };
  Kind kind = Kind::kChanged;
  std::string part;    ///< "feature", "sparse_feature", "weighted_feature", "string_domain" or "schema".
  std::string name;    ///< A feature's serialized path, a domain's name; empty for "schema".
  std::string field;   ///< Which field changed, "value" for a domain's values; empty for what came or went.
  std::string before;  ///< In text format on one line; empty where there was nothing.
  std::string after;
};

/// "added", "removed", "changed".
std::string SchemaChangeKindName(SchemaChange::Kind kind);

/// What leads from `before` to `after`: features by their paths (fields of structs each for themselves), by
/// field; domains by the values that came and went; then the schema's own fields. The order of features and
/// of values means nothing and is no difference. Sorted by part and name; empty: equal. Linear but for the
/// sorting. Pure; any thread.
std::vector<SchemaChange> CompareSchemas(const tensorflow::metadata::v0::Schema& before,
                                         const tensorflow::metadata::v0::Schema& after);

/// A line per change, "+", "-" or "~" in front: `~ feature 'age': int_domain: min: 0 max: 9 -> min: 0 max:
/// 12`. "The schemas are equal.\n" where there is none. Texts longer than `max_text_bytes` are cut (0:
/// never).
std::string FormatSchemaChanges(const std::vector<SchemaChange>& changes, int max_text_bytes = 200);

}  // namespace penstock::validation
