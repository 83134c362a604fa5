#include "penstock/data/file_format.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "penstock/base/filesystem.h"
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
  if (name.ends_with(".csv") || name.ends_with(".tsv")) return DataFormat::kCsv;
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
    case DataFormat::kAuto:
      break;
  }
  return "unknown";
}

Result<DataFormat> DetectFormat(const FileSource& source) {
  if (const DataFormat format = FormatOfName(source.path()); format != DataFormat::kAuto) return format;
  constexpr int64_t kHeadBytes = 4096;
  if (source.size() == 0) return InvalidArgument("The file is empty: {}", source.path());
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
  PaddedBytes head;
  PENSTOCK_RETURN_IF_ERROR(head.Read(source, *file, 0, std::min(source.size(), kHeadBytes)));
  if (head.view().starts_with("PAR1")) return DataFormat::kParquet;
  if (tfrecord::IsRecordHeader(head.view())) return DataFormat::kTfRecord;
  if (head.view().starts_with("\x1F\x8B")) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool holds_records, HoldsRecords(source));
    if (holds_records) return DataFormat::kTfRecord;
    return InvalidArgument("The gzip file holds no TFRecord: {} (other formats must be unpacked first)",
                           source.path());
  }
  if (head.view().find('\0') == std::string_view::npos) return DataFormat::kCsv;
  return InvalidArgument(
      "Neither the name nor the first bytes of {} tell its format (name the format, or end the file's "
      "name in .csv, .parquet or .tfrecord)",
      source.path());
}

}  // namespace penstock::data
