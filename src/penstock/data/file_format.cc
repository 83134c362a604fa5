#include "penstock/data/file_format.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "penstock/base/filesystem.h"
#include "penstock/data/arrow_ipc/ipc_dataset.h"
#include "penstock/data/avro/container.h"
#include "penstock/data/packed_file.h"
#include "penstock/data/tfrecord/record_reader.h"

namespace penstock::data {
namespace {

std::string LowerCaseName(const std::string& path) {
  std::string name = fs::BaseName(path);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

DataFormat FormatOfName(const std::string& path) {
  const std::string name = LowerCaseName(path);
  const std::string_view text = WithoutPackingSuffix(name);
  if (text.ends_with(".csv") || text.ends_with(".tsv")) return DataFormat::kCsv;
  if (text.ends_with(".jsonl") || text.ends_with(".ndjson")) return DataFormat::kJsonLines;
  if (name.ends_with(".arrow") || name.ends_with(".arrows") || name.ends_with(".feather"))
    return DataFormat::kArrow;
  if (name.ends_with(".avro")) return DataFormat::kAvro;
  if (name.ends_with(".parquet")) return DataFormat::kParquet;
  const bool is_packed = name.ends_with(".gz") || name.ends_with(".gzip");
  if (name.ends_with(".tfrecord") || name.ends_with(".tfrecords") ||
      (is_packed && name.find("tfrecord") != name.npos))
    return DataFormat::kTfRecord;
  return DataFormat::kAuto;
}

// Whether what the gzip file holds begins with a record; damage shows later, where it is read.
Result<bool> HoldsRecords(const FileSource& source) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto stream, tfrecord::StreamGzip(source));
  std::array<char, tfrecord::RecordReader::kHeaderBytes> head;
  size_t size = 0;
  while (size < head.size()) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t count,
                              stream->Read(head.data() + size, static_cast<int64_t>(head.size() - size)));
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  return size == 0 || tfrecord::IsRecordHeader({head.data(), size});
}

}  // namespace

std::string_view FormatName(DataFormat format) {
  switch (format) {
    case DataFormat::kCsv:
      return "CSV";
    case DataFormat::kParquet:
      return "Parquet";
    case DataFormat::kTfRecord:
      return "TFRecord";
    case DataFormat::kJsonLines:
      return "JSON lines";
    case DataFormat::kArrow:
      return "Arrow IPC";
    case DataFormat::kAvro:
      return "Avro";
    case DataFormat::kAuto:
      break;
  }
  return "unknown";
}

Result<DataFormat> DetectFormat(const FileSource& source) {
  if (const DataFormat format = FormatOfName(source.path()); format != DataFormat::kAuto) return format;
  constexpr int64_t kHeadBytes = 4096;
  if (source.size() == 0) return InvalidArgument("The file is empty: {}", source.path());
  PENSTOCK_ASSIGN_OR_RETURN(const std::string first, UnpackedHead(source, Packing::kNone, kHeadBytes));
  if (first.starts_with("PAR1")) return DataFormat::kParquet;
  if (avro::IsAvroHead(first)) return DataFormat::kAvro;
  if (tfrecord::IsRecordHeader(first)) return DataFormat::kTfRecord;
  PENSTOCK_ASSIGN_OR_RETURN(const Packing packing, PackingOf(source));
  if (packing == Packing::kGzip) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool holds_records, HoldsRecords(source));
    if (holds_records) return DataFormat::kTfRecord;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::string head, UnpackedHead(source, packing, kHeadBytes));
  if (packing == Packing::kNone && arrow_ipc::IsIpcHead(head)) return DataFormat::kArrow;
  if (head.find('\0') == std::string::npos) {
    const size_t begin = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    return begin != head.npos && head[begin] == '{' ? DataFormat::kJsonLines : DataFormat::kCsv;
  }
  return InvalidArgument(
      "Neither the name nor the first bytes of {} tell its format (name the format, or end the file's "
      "name in .csv, .jsonl, .parquet, .arrow, .avro or .tfrecord)",
      source.path());
}

}  // namespace penstock::data
