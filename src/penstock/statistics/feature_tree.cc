#include "penstock/statistics/feature_tree.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/near_miss.h"

namespace penstock::statistics {

namespace v0 = tensorflow::metadata::v0;

namespace {

/// Far above what data have, and far below what the stack holds.
constexpr int kMaxDepth = 64;

using Path = std::vector<std::string>;

/// What a schema says that changes how values are described.
enum class Claim { kNone, kBytes, kCategoricalInteger, kCategoricalReal };

Claim ClaimOf(const v0::Feature& feature) {
  if (feature.has_image_domain()) return Claim::kBytes;
  if (feature.type() == v0::INT) {
    const bool is_categorical = (feature.has_int_domain() && feature.int_domain().is_categorical()) ||
                                feature.has_bool_domain() || feature.has_natural_language_domain();
    return is_categorical ? Claim::kCategoricalInteger : Claim::kNone;
  }
  if (feature.type() == v0::FLOAT && feature.has_float_domain() && feature.float_domain().is_categorical()) {
    return Claim::kCategoricalReal;
  }
  return Claim::kNone;
}

template <class Features>
void CollectClaims(const Features& features, const Path& parent, std::map<Path, Claim>& claims) {
  for (const v0::Feature& feature : features) {
    Path path = parent;
    path.push_back(feature.name());
    claims[path] = ClaimOf(feature);
    if (feature.has_struct_domain() && path.size() < kMaxDepth)
      CollectClaims(feature.struct_domain().feature(), path, claims);
  }
}

bool IsList(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
}

/// Claims count only where the data have that type: statistics are there to show where they do not.
Result<ColumnRole> RoleOf(const Path& path, const arrow::DataType& type, Claim claim) {
  switch (type.id()) {
    case arrow::Type::NA:
      return claim == Claim::kBytes ? ColumnRole::kUnknownBytes : ColumnRole::kUnknown;
    case arrow::Type::INT64:
    case arrow::Type::BOOL:
      return claim == Claim::kCategoricalInteger ? ColumnRole::kCategoricalInteger : ColumnRole::kInteger;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return claim == Claim::kCategoricalReal ? ColumnRole::kCategoricalReal : ColumnRole::kReal;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return claim == Claim::kBytes ? ColumnRole::kBytes : ColumnRole::kString;
    case arrow::Type::STRUCT:
      return ColumnRole::kStruct;
    default:
      return InvalidArgument(
          "Statistics of column '{}' cannot be computed: its type is {}; it must be int64, float, double, "
          "bool, string or binary, or lists or structs of these",
          fmt::join(path, "."), type.ToString());
  }
}

template <class ListArray>
std::vector<int64_t> RowsOfValues(const ListArray& lists, std::span<const int64_t> rows) {
  std::vector<int64_t> of_values;
  for (int64_t i = 0; i < lists.length(); ++i) {
    if (lists.IsNull(i)) continue;
    of_values.insert(of_values.end(), static_cast<size_t>(lists.value_length(i)),
                     rows.empty() ? i : rows[static_cast<size_t>(i)]);
  }
  return of_values;
}

}  // namespace

class FeatureTree::Builder {
 public:
  Builder(const v0::Schema* schema, std::vector<Feature>& features) : features_(features) {
    if (schema != nullptr) CollectClaims(schema->feature(), {}, claims_);
  }

  Status Add(const Path& path, const std::shared_ptr<arrow::DataType>& type, int column, int parent) {
    if (path.size() > kMaxDepth)
      return InvalidArgument("Column '{}' is nested more than {} deep", path.front(), kMaxDepth);
    const arrow::DataType* values = type.get();
    int num_lists = 0;
    for (; IsList(*values); ++num_lists) values = values->field(0)->type().get();
    if (num_lists > kMaxDepth)
      return InvalidArgument("Column '{}' is nested more than {} deep", path.front(), kMaxDepth);
    const auto claim = claims_.find(path);
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnRole role,
                              RoleOf(path, *values, claim == claims_.end() ? Claim::kNone : claim->second));
    const int self = static_cast<int>(features_.size());
    features_.push_back({path, type, role, column, parent, std::max(num_lists, 1)});
    if (role != ColumnRole::kStruct) return OkStatus();
    for (const auto& field : values->fields()) {
      Path child = path;
      child.push_back(field->name());
      PENSTOCK_RETURN_IF_ERROR(Add(child, field->type(), column, self));
    }
    return OkStatus();
  }

 private:
  std::map<Path, Claim> claims_;
  std::vector<Feature>& features_;
};

Result<FeatureTree> FeatureTree::Make(const arrow::Schema& data, std::span<const std::string> allowlist,
                                      const v0::Schema* schema) {
  for (const std::string& name : allowlist) {
    if (data.GetFieldIndex(name) < 0) {
      return NotFound("The feature '{}' of feature_allowlist is not in the data{}", name,
                      DidYouMean(name, data.field_names()));
    }
  }
  FeatureTree tree;
  Builder builder(schema, tree.features_);
  for (int column = 0; column < data.num_fields(); ++column) {
    const arrow::Field& field = *data.field(column);
    const bool is_allowed =
        allowlist.empty() || std::find(allowlist.begin(), allowlist.end(), field.name()) != allowlist.end();
    if (is_allowed) PENSTOCK_RETURN_IF_ERROR(builder.Add({field.name()}, field.type(), column, kNoParent));
  }
  return tree;
}

Result<FeatureTree::Elements> FeatureTree::FlattenLists(Elements elements, bool wants_rows) {
  while (IsList(*elements.values->type())) {
    if (elements.values->type_id() == arrow::Type::LIST) {
      const auto lists = std::static_pointer_cast<arrow::ListArray>(elements.values);
      if (wants_rows) elements.rows = RowsOfValues(*lists, elements.rows);
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(elements.values, lists->Flatten());
    } else {
      const auto lists = std::static_pointer_cast<arrow::LargeListArray>(elements.values);
      if (wants_rows) elements.rows = RowsOfValues(*lists, elements.rows);
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(elements.values, lists->Flatten());
    }
  }
  return elements;
}

Result<std::shared_ptr<arrow::Array>> FeatureTree::FieldOf(const arrow::Array& structs, int field) {
  // Unlike field(), this makes the fields of a null struct null.
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto values,
                                  static_cast<const arrow::StructArray&>(structs).GetFlattenedField(field));
  return values;
}

}  // namespace penstock::statistics
