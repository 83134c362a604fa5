#include "penstock/data/example_writer.h"

#include <utility>

#include "penstock/data/arrow_ipc/ipc_writer.h"
#include "penstock/data/avro/avro_writer.h"
#include "penstock/data/json_lines/json_lines_writer.h"
#include "penstock/data/parquet/parquet_writer.h"
#include "penstock/data/tfrecord/tfrecord_writer.h"

namespace penstock::data {

Result<std::unique_ptr<ExampleWriter>> OpenExampleWriter(const std::string& path,
                                                         const std::shared_ptr<arrow::Schema>& schema,
                                                         PayloadFormat format) {
  switch (format) {
    case PayloadFormat::kParquet:
      return parquet_format::OpenParquetWriter(path, schema);
    case PayloadFormat::kTfRecord:
      return tfrecord::OpenTfRecordWriter(path, schema, /*is_gzip=*/false);
    case PayloadFormat::kTfRecordGzip:
      return tfrecord::OpenTfRecordWriter(path, schema, /*is_gzip=*/true);
    case PayloadFormat::kArrow:
      return arrow_ipc::OpenIpcWriter(path, schema);
    case PayloadFormat::kJsonLines:
      return json_lines::OpenJsonLinesWriter(path, schema);
    case PayloadFormat::kAvro:
      return avro::OpenAvroWriter(path, schema);
  }
  return Internal("No such payload format: {}", static_cast<int>(format));
}

Result<PayloadFormat> PayloadFormatOf(const std::string& path) {
  static constexpr std::pair<std::string_view, PayloadFormat> kSuffixes[] = {
      {".parquet", PayloadFormat::kParquet},  {".tfrecord", PayloadFormat::kTfRecord},
      {".gz", PayloadFormat::kTfRecordGzip},  {".arrow", PayloadFormat::kArrow},
      {".feather", PayloadFormat::kArrow},    {".jsonl", PayloadFormat::kJsonLines},
      {".ndjson", PayloadFormat::kJsonLines}, {".avro", PayloadFormat::kAvro},
  };
  const bool is_packed_text =
      path.ends_with(".jsonl.gz") || path.ends_with(".ndjson.gz") || path.ends_with(".csv.gz");
  for (const auto& [suffix, format] : kSuffixes)
    if (path.ends_with(suffix) && !is_packed_text) return format;
  return InvalidArgument(
      "The name of {} does not say what to write: end it in .parquet, .tfrecord, .tfrecord.gz, .arrow, "
      ".feather, .avro, .jsonl or .ndjson",
      path);
}

}  // namespace penstock::data
