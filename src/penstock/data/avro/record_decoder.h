#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/array/builder_base.h>
#include <arrow/record_batch.h>

#include "penstock/base/status.h"
#include "penstock/data/avro/avro_schema.h"
#include "penstock/data/avro/wire.h"
#include "penstock/data/batch.h"

namespace penstock::data::avro {

/// Turns records into columns, value by value into Arrow builders; fields nobody asked for are passed over.
/// Not for concurrent use.
class RecordDecoder {
 public:
  /// `places[i]`: which column of `schema` field i goes to; -1: none. Both outlive the decoder.
  static Result<RecordDecoder> Make(const AvroType& record, const std::vector<int>& places,
                                    std::shared_ptr<arrow::Schema> schema);

  /// Reads one record. After an error the decoder is spent; the message names the field, not the file.
  Status Decode(WireReader& reader);
  int64_t num_rows() const { return num_rows_; }
  /// The records so far; the decoder is then empty.
  Result<Batch> Finish();

 private:
  /// A builder and, in its own order, those within it.
  struct Column {
    std::shared_ptr<arrow::ArrayBuilder> builder;
    arrow::Type::type id = arrow::Type::NA;
    std::vector<Column> children;
  };

  RecordDecoder(const AvroType& record, const std::vector<int>& places, std::shared_ptr<arrow::Schema> schema)
      : record_(&record), places_(&places), schema_(std::move(schema)) {}

  static Result<Column> MakeColumn(const AvroType& type, std::shared_ptr<arrow::ArrayBuilder> builder);
  bool DecodeValue(const AvroType& type, Column& column, WireReader& reader);
  bool DecodeScalar(const AvroType& type, Column& column, WireReader& reader);
  bool DecodeInteger(Column& column, WireReader& reader);
  bool DecodeFloat(Column& column, WireReader& reader);
  bool DecodeText(std::string_view bytes, Column& column);
  bool DecodeDecimal(const AvroType& type, std::string_view bytes, Column& column);
  bool DecodeElements(const AvroType& type, Column& column, WireReader& reader);
  bool DecodeEntry(const AvroType& type, Column& entries, WireReader& reader);
  static bool Skip(const AvroType& type, WireReader& reader);
  bool Check(const arrow::Status& status);
  bool Fail(std::string why);

  const AvroType* record_;
  const std::vector<int>* places_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Column> columns_;  // As the schema's.
  int64_t num_rows_ = 0;
  Status fault_;  // Of the value being read; OK: the bytes are at fault.
};

}  // namespace penstock::data::avro
