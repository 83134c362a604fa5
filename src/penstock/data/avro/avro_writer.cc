#include "penstock/data/avro/avro_writer.h"

#include <algorithm>
#include <cctype>

#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <nlohmann/json.hpp>

#include "penstock/base/digest.h"
#include "penstock/data/avro/container.h"
#include "penstock/data/avro/wire.h"
#include "penstock/data/file_access.h"
#include "penstock/data/file_schema.h"

namespace penstock::data::avro {
namespace {

using nlohmann::json;

/// A block is written when it has so many bytes: many to a shard, few enough to unpack at once.
constexpr size_t kBlockBytes = size_t{256} << 10;
constexpr size_t kSyncBytes = 16;
// Null is the second branch, as in the files TFX reads: a value's branch is 0.
constexpr int64_t kValueBranch = 0;
constexpr int64_t kNullBranch = 1;

bool IsName(std::string_view name) {
  const auto is_start = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !name.empty() && is_start(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

class SchemaWriter {
 public:
  Result<json> Record(const std::string& name, const arrow::FieldVector& fields) {
    json record = {{"type", "record"}, {"name", name}, {"fields", json::array()}};
    for (const auto& field : fields) {
      if (!IsName(field->name()))
        return InvalidArgument(
            "Avro has no field named '{}' (letters, digits and '_', no digit first): rename the column",
            field->name());
      PENSTOCK_ASSIGN_OR_RETURN(json type, Nullable(*field->type(), field->name()));
      record["fields"].push_back({{"name", field->name()}, {"type", std::move(type)}});
    }
    return record;
  }

 private:
  Result<json> Nullable(const arrow::DataType& type, const std::string& column) {
    PENSTOCK_ASSIGN_OR_RETURN(json value, Value(type, column));
    return json::array({std::move(value), "null"});
  }

  Result<json> Value(const arrow::DataType& type, const std::string& column) {
    switch (type.id()) {
      case arrow::Type::BOOL:
        return json("boolean");
      case arrow::Type::INT64:
        return json("long");
      case arrow::Type::FLOAT:
        return json("float");
      case arrow::Type::DOUBLE:
        return json("double");
      case arrow::Type::STRING:
        return json("string");
      case arrow::Type::BINARY:
        return json("bytes");
      case arrow::Type::LIST: {
        PENSTOCK_ASSIGN_OR_RETURN(json items,
                                  Nullable(*static_cast<const arrow::ListType&>(type).value_type(), column));
        return json{{"type", "array"}, {"items", std::move(items)}};
      }
      case arrow::Type::STRUCT:
        // Names have to differ within a schema; the columns' own may be the same at two places.
        return Record(fmt::format("struct_{}", ++num_structs_), type.fields());
      default:
        return InvalidArgument("Column '{}' is {}, which Avro is not written for", column, type.ToString());
    }
  }

  int num_structs_ = 0;
};

void AppendValue(const arrow::Array& array, int64_t row, std::string& to) {
  if (array.IsNull(row)) return AppendLong(kNullBranch, to);
  AppendLong(kValueBranch, to);
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      to += static_cast<const arrow::BooleanArray&>(array).Value(row) ? '\x01' : '\0';
      return;
    case arrow::Type::INT64:
      return AppendLong(static_cast<const arrow::Int64Array&>(array).Value(row), to);
    case arrow::Type::FLOAT:
      return AppendRaw(static_cast<const arrow::FloatArray&>(array).Value(row), to);
    case arrow::Type::DOUBLE:
      return AppendRaw(static_cast<const arrow::DoubleArray&>(array).Value(row), to);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return AppendBytes(static_cast<const arrow::BinaryArray&>(array).GetView(row), to);
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      const int64_t length = list.value_length(row);
      if (length > 0) AppendLong(length, to);
      for (int64_t i = 0; i < length; ++i) AppendValue(*list.values(), list.value_offset(row) + i, to);
      return AppendLong(0, to);
    }
    case arrow::Type::STRUCT:
      for (const auto& field : static_cast<const arrow::StructArray&>(array).fields())
        AppendValue(*field, row, to);
      return;
    default:
      return;  // SchemaWriter refused it.
  }
}

class AvroExampleWriter : public ExampleWriter {
 public:
  AvroExampleWriter(std::string path, std::shared_ptr<arrow::io::OutputStream> stream,
                    std::shared_ptr<arrow::Schema> schema, std::string sync)
      : path_(std::move(path)),
        stream_(std::move(stream)),
        schema_(std::move(schema)),
        sync_(std::move(sync)) {}

  Status WriteHead(const std::string& schema) {
    std::string head("Obj\x01", 4);
    AppendLong(2, head);
    AppendBytes("avro.codec", head);
    AppendBytes("deflate", head);
    AppendBytes("avro.schema", head);
    AppendBytes(schema, head);
    AppendLong(0, head);
    head += sync_;
    return WriteBytes(head);
  }

  Status Write(const Batch& batch) override {
    PENSTOCK_RETURN_IF_ERROR(CheckBatchFits(batch, *schema_, path_));
    const arrow::ArrayVector columns = batch->columns();
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      for (const auto& column : columns) AppendValue(*column, row, records_);
      ++num_records_;
      if (records_.size() >= kBlockBytes) PENSTOCK_RETURN_IF_ERROR(WriteBlock());
    }
    return OkStatus();
  }

  Status Close() override {
    PENSTOCK_RETURN_IF_ERROR(WriteBlock());
    return CloseDurably(*stream_, path_);
  }

 private:
  Status WriteBlock() {
    if (num_records_ == 0) return OkStatus();
    PENSTOCK_RETURN_IF_ERROR(PackBlock(Codec::kDeflate, records_, packed_));
    std::string head;
    AppendLong(std::exchange(num_records_, 0), head);
    AppendLong(static_cast<int64_t>(packed_.size()), head);
    records_.clear();
    PENSTOCK_RETURN_IF_ERROR(WriteBytes(head));
    PENSTOCK_RETURN_IF_ERROR(WriteBytes(packed_));
    return WriteBytes(sync_);
  }

  Status WriteBytes(const std::string& bytes) {
    const arrow::Status status = stream_->Write(bytes.data(), static_cast<int64_t>(bytes.size()));
    return status.ok() ? OkStatus() : AboutFile(status, "write", path_);
  }

  const std::string path_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::string sync_;
  std::string records_;  // Of the block being filled.
  std::string packed_;
  int64_t num_records_ = 0;
};

}  // namespace

Result<std::unique_ptr<ExampleWriter>> OpenAvroWriter(const std::string& path,
                                                      const std::shared_ptr<arrow::Schema>& schema) {
  PENSTOCK_ASSIGN_OR_RETURN(const json record, SchemaWriter().Record("example", schema->fields()));
  if (schema->num_fields() == 0) return InvalidArgument("{}: there are no columns to write", path);
  const std::string text = record.dump(-1, ' ', false, json::error_handler_t::replace);
  DigestBuilder digest;
  digest.Add(text);
  const std::string sync = digest.Finish().ToHex().substr(0, kSyncBytes);
  PENSTOCK_ASSIGN_OR_RETURN(auto stream, OpenOutput(path));
  auto writer = std::make_unique<AvroExampleWriter>(path, std::move(stream), schema, sync);
  PENSTOCK_RETURN_IF_ERROR(writer->WriteHead(text));
  return writer;
}

}  // namespace penstock::data::avro
