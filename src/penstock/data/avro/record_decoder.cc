#include "penstock/data/avro/record_decoder.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/builder.h>
#include <arrow/util/utf8.h>

#include "penstock/base/arrow_status.h"

namespace penstock::data::avro {
namespace {

using Kind = AvroType::Kind;

template <class Builder>
Builder& As(const std::shared_ptr<arrow::ArrayBuilder>& builder) {
  return static_cast<Builder&>(*builder);
}

}  // namespace

Result<RecordDecoder> RecordDecoder::Make(const AvroType& record, const std::vector<int>& places,
                                          std::shared_ptr<arrow::Schema> schema) {
  RecordDecoder decoder(record, places, std::move(schema));
  decoder.columns_.resize(static_cast<size_t>(decoder.schema_->num_fields()));
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i] < 0) continue;
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::ArrayBuilder> builder,
                                    arrow::MakeBuilder(decoder.schema_->field(places[i])->type()));
    PENSTOCK_ASSIGN_OR_RETURN(decoder.columns_[static_cast<size_t>(places[i])],
                              MakeColumn(record.children[i], std::move(builder)));
  }
  return decoder;
}

Result<RecordDecoder::Column> RecordDecoder::MakeColumn(const AvroType& given,
                                                        std::shared_ptr<arrow::ArrayBuilder> builder) {
  const AvroType& type = MainBranch(given);
  Column column{std::move(builder), arrow::Type::NA, {}};
  column.id = column.builder->type()->id();
  if (type.kind == Kind::kArray || type.kind == Kind::kMap) {
    auto& list = As<arrow::ListBuilder>(column.builder);
    const std::shared_ptr<arrow::ArrayBuilder> elements(column.builder, list.value_builder());
    if (type.kind == Kind::kArray) {
      PENSTOCK_ASSIGN_OR_RETURN(column.children.emplace_back(), MakeColumn(type.children[0], elements));
      return column;
    }
    Column entries{elements, arrow::Type::STRUCT, {}};
    auto& entry = As<arrow::StructBuilder>(elements);
    PENSTOCK_ASSIGN_OR_RETURN(entries.children.emplace_back(),
                              MakeColumn(AvroType{.kind = Kind::kString}, entry.child_builder(0)));
    PENSTOCK_ASSIGN_OR_RETURN(entries.children.emplace_back(),
                              MakeColumn(type.children[0], entry.child_builder(1)));
    column.children.push_back(std::move(entries));
  } else if (type.kind == Kind::kRecord) {
    auto& fields = As<arrow::StructBuilder>(column.builder);
    for (size_t i = 0; i < type.children.size(); ++i) {
      PENSTOCK_ASSIGN_OR_RETURN(column.children.emplace_back(),
                                MakeColumn(type.children[i], fields.child_builder(static_cast<int>(i))));
    }
  }
  return column;
}

bool RecordDecoder::Check(const arrow::Status& status) {
  if (status.ok()) return true;
  fault_ = FromArrow(status);
  return false;
}

bool RecordDecoder::Fail(std::string why) {
  fault_ = InvalidArgument("{}", why);
  return false;
}

Status RecordDecoder::Decode(WireReader& reader) {
  for (size_t i = 0; i < record_->children.size(); ++i) {
    const AvroType& type = record_->children[i];
    const bool is_read = (*places_)[i] < 0
                             ? Skip(type, reader)
                             : DecodeValue(type, columns_[static_cast<size_t>((*places_)[i])], reader);
    if (is_read) continue;
    const std::string field = fmt::format("column '{}'", record_->names[i]);
    if (!fault_.ok()) return Annotate(fault_, field);
    return DataLoss("{}: the bytes are no value of type {}", field, type.ToString());
  }
  ++num_rows_;
  return OkStatus();
}

Result<Batch> RecordDecoder::Finish() {
  arrow::ArrayVector arrays;
  for (const Column& column : columns_) {
    PENSTOCK_RETURN_IF_ARROW_ERROR(column.builder->Finish(&arrays.emplace_back()));
  }
  return Batch(arrow::RecordBatch::Make(schema_, std::exchange(num_rows_, 0), std::move(arrays)));
}

bool RecordDecoder::DecodeValue(const AvroType& type, Column& column, WireReader& reader) {
  switch (type.kind) {
    case Kind::kUnion: {
      int64_t branch = 0;
      if (!reader.ReadLong(branch) || branch < 0 || branch >= static_cast<int64_t>(type.children.size()))
        return false;
      return DecodeValue(type.children[static_cast<size_t>(branch)], column, reader);
    }
    case Kind::kRecord: {
      if (!Check(As<arrow::StructBuilder>(column.builder).Append())) return false;
      for (size_t i = 0; i < type.children.size(); ++i)
        if (!DecodeValue(type.children[i], column.children[i], reader)) return false;
      return true;
    }
    case Kind::kArray:
    case Kind::kMap:
      return DecodeElements(type, column, reader);
    default:
      return DecodeScalar(type, column, reader);
  }
}

bool RecordDecoder::DecodeScalar(const AvroType& type, Column& column, WireReader& reader) {
  switch (type.kind) {
    case Kind::kNull:
      return Check(column.builder->AppendNull());
    case Kind::kBoolean: {
      bool value = false;
      return reader.ReadBoolean(value) && Check(As<arrow::BooleanBuilder>(column.builder).Append(value));
    }
    case Kind::kInteger:
      return DecodeInteger(column, reader);
    case Kind::kFloat:
      return DecodeFloat(column, reader);
    case Kind::kDouble: {
      double value = 0;
      return reader.ReadDouble(value) && Check(As<arrow::DoubleBuilder>(column.builder).Append(value));
    }
    case Kind::kEnum: {
      int64_t symbol = 0;
      return reader.ReadLong(symbol) && symbol >= 0 && symbol < static_cast<int64_t>(type.names.size()) &&
             DecodeText(type.names[static_cast<size_t>(symbol)], column);
    }
    default:
      break;
  }
  std::string_view bytes;
  if (type.kind == Kind::kFixed ? !reader.ReadFixed(type.fixed_bytes, bytes) : !reader.ReadBytes(bytes))
    return false;
  if (type.decimal_scale >= 0) return DecodeDecimal(type, bytes, column);
  if (type.kind == Kind::kString) return DecodeText(bytes, column);
  return Check(As<arrow::BinaryBuilder>(column.builder).Append(bytes));
}

bool RecordDecoder::DecodeInteger(Column& column, WireReader& reader) {
  int64_t value = 0;
  if (!reader.ReadLong(value)) return false;
  // Beside reals in a union.
  if (column.id == arrow::Type::DOUBLE)
    return Check(As<arrow::DoubleBuilder>(column.builder).Append(static_cast<double>(value)));
  return Check(As<arrow::Int64Builder>(column.builder).Append(value));
}

bool RecordDecoder::DecodeFloat(Column& column, WireReader& reader) {
  float value = 0;
  if (!reader.ReadFloat(value)) return false;
  if (column.id == arrow::Type::DOUBLE)
    return Check(As<arrow::DoubleBuilder>(column.builder).Append(static_cast<double>(value)));
  return Check(As<arrow::FloatBuilder>(column.builder).Append(value));
}

bool RecordDecoder::DecodeText(std::string_view bytes, Column& column) {
  if (!arrow::util::ValidateUTF8(bytes))
    return Fail("a text value is not valid UTF-8 (store the column as bytes)");
  return Check(As<arrow::StringBuilder>(column.builder).Append(bytes));
}

bool RecordDecoder::DecodeDecimal(const AvroType& type, std::string_view bytes, Column& column) {
  // Two's complement, the highest byte first.
  constexpr size_t kMaxBytes = 16;
  if (bytes.size() > kMaxBytes)
    return Fail(fmt::format("a decimal has {} bytes; at most {} are read", bytes.size(), kMaxBytes));
  __int128 value = !bytes.empty() && static_cast<int8_t>(bytes[0]) < 0 ? -1 : 0;
  for (const char byte : bytes)
    value = static_cast<__int128>(static_cast<unsigned __int128>(value) << 8 | static_cast<uint8_t>(byte));
  if (type.decimal_scale == 0) {
    if (value > INT64_MAX || value < INT64_MIN) return Fail("a decimal does not fit into 64 bits");
    return Check(As<arrow::Int64Builder>(column.builder).Append(static_cast<int64_t>(value)));
  }
  // A power of ten is exact in a long double up to 10^27: one rounding, that of the quotient.
  long double divisor = 1;
  for (int i = 0; i < type.decimal_scale; ++i) divisor *= 10;
  return Check(As<arrow::DoubleBuilder>(column.builder)
                   .Append(static_cast<double>(static_cast<long double>(value) / divisor)));
}

bool RecordDecoder::DecodeElements(const AvroType& type, Column& column, WireReader& reader) {
  if (!Check(As<arrow::ListBuilder>(column.builder).Append())) return false;
  int64_t num_elements = 0;
  while (true) {
    if (!reader.ReadRun(num_elements)) return false;
    if (num_elements == 0) return true;
    for (int64_t i = 0; i < num_elements; ++i) {
      const bool is_read = type.kind == Kind::kArray
                               ? DecodeValue(type.children[0], column.children[0], reader)
                               : DecodeEntry(type, column.children[0], reader);
      if (!is_read) return false;
    }
  }
}

bool RecordDecoder::DecodeEntry(const AvroType& type, Column& entries, WireReader& reader) {
  std::string_view key;
  return Check(As<arrow::StructBuilder>(entries.builder).Append()) && reader.ReadBytes(key) &&
         DecodeText(key, entries.children[0]) && DecodeValue(type.children[0], entries.children[1], reader);
}

bool RecordDecoder::Skip(const AvroType& type, WireReader& reader) {
  int64_t number = 0;
  std::string_view bytes;
  switch (type.kind) {
    case Kind::kNull:
      return true;
    case Kind::kBoolean:
      return reader.ReadFixed(1, bytes);
    case Kind::kInteger:
    case Kind::kEnum:
      return reader.ReadLong(number);
    case Kind::kFloat:
      return reader.ReadFixed(4, bytes);
    case Kind::kDouble:
      return reader.ReadFixed(8, bytes);
    case Kind::kBytes:
    case Kind::kString:
      return reader.ReadBytes(bytes);
    case Kind::kFixed:
      return reader.ReadFixed(type.fixed_bytes, bytes);
    case Kind::kUnion:
      return reader.ReadLong(number) && number >= 0 && number < static_cast<int64_t>(type.children.size()) &&
             Skip(type.children[static_cast<size_t>(number)], reader);
    case Kind::kRecord:
      for (const AvroType& field : type.children)
        if (!Skip(field, reader)) return false;
      return true;
    case Kind::kArray:
    case Kind::kMap:
      break;
  }
  while (reader.ReadRun(number)) {
    if (number == 0) return true;
    for (; number > 0; --number)
      if ((type.kind == Kind::kMap && !reader.ReadBytes(bytes)) || !Skip(type.children[0], reader))
        return false;
  }
  return false;
}

}  // namespace penstock::data::avro
