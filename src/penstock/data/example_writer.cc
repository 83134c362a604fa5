#include "penstock/data/example_writer.h"

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
  }
  return Internal("No such payload format: {}", static_cast<int>(format));
}

}  // namespace penstock::data
