#include "penstock/data/avro/avro_schema.h"

#include <algorithm>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "penstock/base/near_miss.h"

namespace penstock::data::avro {
namespace {

using nlohmann::json;
using Kind = AvroType::Kind;

constexpr int kMaxDepth = 32;
constexpr int kMaxTypes = 10'000;
constexpr int64_t kMaxFixedBytes = int64_t{1} << 24;

const std::map<std::string, Kind, std::less<>>& Primitives() {
  static const std::map<std::string, Kind, std::less<>> kPrimitives = {
      {"null", Kind::kNull},    {"boolean", Kind::kBoolean}, {"int", Kind::kInteger},
      {"long", Kind::kInteger}, {"float", Kind::kFloat},     {"double", Kind::kDouble},
      {"bytes", Kind::kBytes},  {"string", Kind::kString}};
  return kPrimitives;
}

/// Nothing of what is nested: it may be nested deeper than the stack holds.
std::string Shortened(const json& value) {
  constexpr size_t kMaxBytes = 120;
  std::string text;
  if (value.is_array()) {
    text = "[…]";
  } else if (value.is_object()) {
    for (const auto& [key, child] : value.items())
      if (text.size() < kMaxBytes)
        text += (text.empty() ? "{" : ", ") + key +
                (child.is_string() ? ": " + child.get_ref<const std::string&>() : "");
    text += text.empty() ? "{}" : "}";
  } else {
    text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  }
  return text.substr(0, kMaxBytes);
}

class SchemaReader {
 public:
  Result<AvroType> Read(const json& node, const std::string& space, int depth) {
    if (depth > kMaxDepth) return InvalidArgument("the schema is nested deeper than {} levels", kMaxDepth);
    if (++num_types_ > kMaxTypes) return InvalidArgument("the schema has more than {} types", kMaxTypes);
    if (node.is_string()) return ReadName(node.get<std::string>(), space);
    if (node.is_array()) return ReadUnion(node, space, depth);
    if (!node.is_object() || !node.contains("type"))
      return InvalidArgument("this is no type: {}", Shortened(node));
    const json& type = node["type"];
    if (!type.is_string()) return Read(type, space, depth + 1);
    const auto name = type.get<std::string>();
    if (name == "record" || name == "error") return ReadRecord(node, space, depth);
    if (name == "enum") return ReadEnum(node, space);
    if (name == "fixed") return ReadFixed(node, space);
    if (name == "array") return ReadElements(Kind::kArray, node, "items", space, depth);
    if (name == "map") return ReadElements(Kind::kMap, node, "values", space, depth);
    PENSTOCK_ASSIGN_OR_RETURN(AvroType primitive, ReadName(name, space));
    SetDecimal(node, primitive);
    return primitive;
  }

 private:
  Result<AvroType> ReadName(const std::string& name, const std::string& space) {
    AvroType type;
    if (const auto primitive = Primitives().find(name); primitive != Primitives().end()) {
      type.kind = primitive->second;
      return type;
    }
    auto named = named_.find(name.find('.') != name.npos || space.empty() ? name : space + "." + name);
    if (named == named_.end()) named = named_.find(name);
    if (named == named_.end()) {
      std::vector<std::string> known;
      for (const auto& [primitive, kind] : Primitives()) known.push_back(primitive);
      for (const auto& [other, known_type] : named_) known.push_back(other);
      return InvalidArgument("there is no type '{}'{}", name, DidYouMean(name, known));
    }
    if (open_.contains(named->first))
      return InvalidArgument("the record '{}' holds itself, which no column can hold", name);
    num_types_ += CountTypes(named->second);
    if (num_types_ > kMaxTypes) return InvalidArgument("the schema has more than {} types", kMaxTypes);
    return named->second;
  }

  static int CountTypes(const AvroType& type) {
    int count = 1;
    for (const AvroType& child : type.children) count += CountTypes(child);
    return count;
  }

  Result<AvroType> ReadUnion(const json& node, const std::string& space, int depth) {
    AvroType type;
    type.kind = Kind::kUnion;
    for (const json& branch : node) {
      PENSTOCK_ASSIGN_OR_RETURN(type.children.emplace_back(), Read(branch, space, depth + 1));
      if (type.children.back().kind == Kind::kUnion)
        return InvalidArgument("a union stands directly in a union: {}", Shortened(node));
    }
    if (type.children.empty()) return InvalidArgument("a union has no branches");
    return type;
  }

  /// The full name of a definition; sets `space` to the namespace of what stands within.
  static Result<std::string> NameOf(const json& node, std::string& space) {
    if (!node.contains("name") || !node["name"].is_string())
      return InvalidArgument("a definition has no name: {}", Shortened(node));
    const auto name = node["name"].get<std::string>();
    if (const size_t dot = name.rfind('.'); dot != name.npos) {
      space = name.substr(0, dot);
      return name;
    }
    if (node.contains("namespace") && node["namespace"].is_string())
      space = node["namespace"].get<std::string>();
    return space.empty() ? name : space + "." + name;
  }

  Result<AvroType> ReadRecord(const json& node, std::string space, int depth) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NameOf(node, space));
    if (!node.contains("fields") || !node["fields"].is_array())
      return InvalidArgument("the record '{}' has no fields", name);
    AvroType type;
    type.kind = Kind::kRecord;
    named_[name] = type;
    open_.insert(name);
    std::set<std::string> names;
    for (const json& field : node["fields"]) {
      if (!field.is_object() || !field.contains("name") || !field["name"].is_string() ||
          !field.contains("type"))
        return InvalidArgument("a field of the record '{}' lacks a name or a type: {}", name,
                               Shortened(field));
      type.names.push_back(field["name"].get<std::string>());
      if (!names.insert(type.names.back()).second)
        return InvalidArgument("the record '{}' has two fields '{}'", name, type.names.back());
      auto field_type = Read(field["type"], space, depth + 1);
      if (!field_type.ok())
        return Annotate(field_type.status(), fmt::format("field '{}'", type.names.back()));
      type.children.push_back(*std::move(field_type));
      if (field["type"].is_string()) SetDecimal(field, type.children.back());
    }
    open_.erase(name);
    named_[name] = type;
    return type;
  }

  Result<AvroType> ReadEnum(const json& node, std::string space) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NameOf(node, space));
    AvroType type;
    type.kind = Kind::kEnum;
    if (node.contains("symbols") && node["symbols"].is_array())
      for (const json& symbol : node["symbols"])
        if (symbol.is_string()) type.names.push_back(symbol.get<std::string>());
    if (type.names.empty()) return InvalidArgument("the enum '{}' has no symbols", name);
    named_[name] = type;
    return type;
  }

  Result<AvroType> ReadFixed(const json& node, std::string space) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NameOf(node, space));
    AvroType type;
    type.kind = Kind::kFixed;
    if (!node.contains("size") || !node["size"].is_number_integer())
      return InvalidArgument("the fixed '{}' has no size", name);
    type.fixed_bytes = node["size"].get<int64_t>();
    if (type.fixed_bytes < 0 || type.fixed_bytes > kMaxFixedBytes)
      return InvalidArgument("the fixed '{}' has {} bytes; at most {} are read", name, type.fixed_bytes,
                             kMaxFixedBytes);
    SetDecimal(node, type);
    named_[name] = type;
    return type;
  }

  Result<AvroType> ReadElements(Kind kind, const json& node, const std::string& key, const std::string& space,
                                int depth) {
    if (!node.contains(key)) return InvalidArgument("an array or map has no {}: {}", key, Shortened(node));
    AvroType type;
    type.kind = kind;
    PENSTOCK_ASSIGN_OR_RETURN(type.children.emplace_back(), Read(node[key], space, depth + 1));
    // A file of a few bytes could say that it holds any number of them.
    if (kind == Kind::kArray && type.children[0].MinBytes() == 0)
      return InvalidArgument("the elements of an array take no bytes: {}", Shortened(node));
    return type;
  }

  static void SetDecimal(const json& node, AvroType& type) {
    constexpr int64_t kMaxScale = 300;
    if (type.kind != Kind::kBytes && type.kind != Kind::kFixed) return;
    if (!node.contains("logicalType") || node["logicalType"] != "decimal") return;
    const json scale = node.value("scale", json(0));
    // The specification has readers ignore a logical type that is not valid.
    if (!scale.is_number_integer() || scale.get<int64_t>() < 0 || scale.get<int64_t>() > kMaxScale) return;
    type.decimal_scale = static_cast<int>(scale.get<int64_t>());
  }

  std::map<std::string, AvroType> named_;
  std::set<std::string> open_;  // Records being read.
  int num_types_ = 0;
};

std::shared_ptr<arrow::DataType> ScalarType(const AvroType& type) {
  switch (type.kind) {
    case Kind::kBoolean:
      return arrow::boolean();
    case Kind::kInteger:
      return arrow::int64();
    case Kind::kFloat:
      return arrow::float32();
    case Kind::kDouble:
      return arrow::float64();
    case Kind::kNull:
    case Kind::kString:
    case Kind::kEnum:
      return arrow::utf8();
    case Kind::kBytes:
    case Kind::kFixed:
      if (type.decimal_scale < 0) return arrow::binary();
      return type.decimal_scale == 0 ? arrow::int64() : arrow::float64();
    default:
      return nullptr;
  }
}

bool IsNumber(const AvroType& type) {
  return type.kind == Kind::kInteger || type.kind == Kind::kFloat || type.kind == Kind::kDouble;
}

bool IsText(const AvroType& type) { return type.kind == Kind::kString || type.kind == Kind::kEnum; }

Result<std::shared_ptr<arrow::DataType>> UnionType(const AvroType& type, const std::string& column) {
  std::vector<const AvroType*> branches;
  for (const AvroType& branch : type.children)
    if (branch.kind != Kind::kNull) branches.push_back(&branch);
  if (branches.empty()) return arrow::utf8();
  if (branches.size() == 1) return ColumnType(*branches[0], column);
  const auto all = [&](auto is) {
    return std::all_of(branches.begin(), branches.end(), [&](const auto* branch) { return is(*branch); });
  };
  if (all(IsText)) return arrow::utf8();
  if (all([](const AvroType& branch) { return branch.kind == Kind::kInteger; })) return arrow::int64();
  if (all(IsNumber)) return arrow::float64();
  return InvalidArgument(
      "column '{}' is a {}, which no column can hold (a union may have null, and numbers, texts or one other "
      "type)",
      column, type.ToString());
}

}  // namespace

int64_t AvroType::MinBytes() const {
  switch (kind) {
    case Kind::kNull:
      return 0;
    case Kind::kFloat:
      return 4;
    case Kind::kDouble:
      return 8;
    case Kind::kFixed:
      return fixed_bytes;
    case Kind::kRecord: {
      int64_t bytes = 0;
      for (const AvroType& field : children) bytes += field.MinBytes();
      return bytes;
    }
    default:
      return 1;
  }
}

std::string AvroType::ToString() const {
  static constexpr std::string_view kNames[] = {"null",  "boolean", "long", "float", "double",
                                                "bytes", "string",  "enum", "fixed", "array",
                                                "map",   "record",  "union"};
  std::string text(kNames[static_cast<size_t>(kind)]);
  if (kind == Kind::kUnion)
    for (size_t i = 0; i < children.size(); ++i)
      text += (i == 0 ? " of " : i + 1 == children.size() ? " and " : ", ") + children[i].ToString();
  return text;
}

Result<AvroType> ParseAvroSchema(std::string_view text) {
  constexpr size_t kMaxSchemaBytes = size_t{4} << 20;
  if (text.size() > kMaxSchemaBytes)
    return InvalidArgument("the schema has {} bytes; at most {} are read", text.size(), kMaxSchemaBytes);
  // Neither throws: a text that is no JSON is "discarded", and strange numbers are read as reals.
  const json schema = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (schema.is_discarded()) return InvalidArgument("the schema is no JSON");
  PENSTOCK_ASSIGN_OR_RETURN(AvroType type, SchemaReader().Read(schema, "", 0));
  if (type.kind != Kind::kRecord)
    return InvalidArgument("the file holds values of type {}; examples are records", type.ToString());
  if (type.MinBytes() == 0) return InvalidArgument("the records have no fields with values");
  return type;
}

const AvroType& MainBranch(const AvroType& type) {
  if (type.kind != Kind::kUnion) return type;
  for (const AvroType& branch : type.children)
    if (branch.kind != Kind::kNull) return branch;
  return type.children[0];
}

Result<std::shared_ptr<arrow::DataType>> ColumnType(const AvroType& type, const std::string& column) {
  if (auto scalar = ScalarType(type)) return scalar;
  if (type.kind == Kind::kUnion) return UnionType(type, column);
  if (type.kind == Kind::kRecord) {
    arrow::FieldVector fields;
    for (size_t i = 0; i < type.children.size(); ++i) {
      PENSTOCK_ASSIGN_OR_RETURN(auto field, ColumnType(type.children[i], column + "." + type.names[i]));
      fields.push_back(arrow::field(type.names[i], std::move(field)));
    }
    return arrow::struct_(std::move(fields));
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto element, ColumnType(type.children[0], column));
  if (type.kind == Kind::kArray) return arrow::list(std::move(element));
  return arrow::list(
      arrow::struct_({arrow::field("key", arrow::utf8()), arrow::field("value", std::move(element))}));
}

}  // namespace penstock::data::avro
