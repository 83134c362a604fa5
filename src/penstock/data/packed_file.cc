#include "penstock/data/packed_file.h"

#include <algorithm>
#include <array>

#include <arrow/io/compressed.h>
#include <arrow/util/compression.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/temporary_file.h"

namespace penstock::data {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 20;
/// Only a text of one character a thousand times over packs so well.
constexpr int64_t kMaxRatio = 1000;
constexpr int64_t kMaxUnpackedBytes = int64_t{64} << 20;

arrow::Compression::type CodecOf(Packing packing) {
  switch (packing) {
    case Packing::kGzip:
      return arrow::Compression::GZIP;
    case Packing::kZstd:
      return arrow::Compression::ZSTD;
    case Packing::kBzip2:
      return arrow::Compression::BZ2;
    case Packing::kNone:
      break;
  }
  return arrow::Compression::UNCOMPRESSED;
}

Status Damaged(const FileSource& source, const arrow::Status& status) {
  if (status.IsOutOfMemory() || status.IsNotImplemented()) return AboutFile(status, "unpack", source.path());
  return DataLoss("The packed file is damaged or cut short: {} ({})", source.path(), status.message());
}

/// The stream of what a packed file holds.
class Unpacking {
 public:
  static Result<Unpacking> Open(const FileSource& source, Packing packing) {
    Unpacking unpacking(source);
    PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
    auto codec = arrow::util::Codec::Create(CodecOf(packing));
    if (!codec.ok()) return AboutFile(codec.status(), "unpack", source.path());
    unpacking.codec_ = std::move(codec).ValueUnsafe();
    auto stream = arrow::io::CompressedInputStream::Make(unpacking.codec_.get(), file);
    if (!stream.ok()) return AboutFile(stream.status(), "unpack", source.path());
    unpacking.stream_ = std::move(stream).ValueUnsafe();
    return unpacking;
  }

  /// 0 at the end.
  Result<int64_t> Read(char* to, int64_t length) {
    auto count = stream_->Read(length, to);
    if (!count.ok()) return Damaged(source_, count.status());
    return *count;
  }

 private:
  explicit Unpacking(const FileSource& source) : source_(source) {}

  FileSource source_;
  std::unique_ptr<arrow::util::Codec> codec_;  // Must outlive stream_.
  std::shared_ptr<arrow::io::CompressedInputStream> stream_;
};

Result<FileSource> Unpack(const FileSource& source, Packing packing, const ExecutionOptions& execution) {
  PENSTOCK_ASSIGN_OR_RETURN(auto unpacking, Unpacking::Open(source, packing));
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, TemporaryFile::Make(source.path()));
  PENSTOCK_ASSIGN_OR_RETURN(const auto stream, file.Append());
  FileSource unpacked = file.source();
  std::vector<char> piece(static_cast<size_t>(kPieceBytes));
  int64_t size = 0;
  while (true) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t count, unpacking.Read(piece.data(), kPieceBytes));
    if (count == 0) break;
    if (const auto written = stream->Write(piece.data(), count); !written.ok())
      return file.CannotWrite(written.message());
    size += count;
    if (size > kMaxUnpackedBytes && size / kMaxRatio > source.size())
      return ResourceExhausted(
          "The packed file {} holds more than {} times its own {} bytes, as only files made to fill disks do "
          "(unpack it yourself if it is meant so)",
          source.path(), kMaxRatio, source.size());
  }
  unpacked.SetOpenFileSize(size);
  return unpacked;
}

}  // namespace

std::string_view WithoutPackingSuffix(std::string_view path) {
  for (const std::string_view suffix : {".gz", ".gzip", ".zst", ".zstd", ".bz2"})
    if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  return path;
}

Result<Packing> PackingOf(const FileSource& source) {
  constexpr int64_t kMagicBytes = 10;
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
  PaddedBytes head;
  PENSTOCK_RETURN_IF_ERROR(head.Read(source, *file, 0, std::min(source.size(), kMagicBytes)));
  const std::string_view bytes = head.view();
  if (bytes.starts_with("\x1F\x8B\x08")) return Packing::kGzip;
  if (bytes.starts_with("\x28\xB5\x2F\xFD")) return Packing::kZstd;
  // A text may begin with "BZh": the first block's mark (pi), or that of an empty file, decides.
  if (bytes.starts_with("BZh") && bytes.size() == kMagicBytes &&
      (bytes.substr(4) == "\x31\x41\x59\x26\x53\x59" || bytes.substr(4) == "\x17\x72\x45\x38\x50\x90"))
    return Packing::kBzip2;
  return Packing::kNone;
}

Result<std::string> UnpackedHead(const FileSource& source, Packing packing, int64_t length) {
  std::string head(static_cast<size_t>(length), '\0');
  int64_t size = 0;
  if (packing == Packing::kNone) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
    PaddedBytes bytes;
    PENSTOCK_RETURN_IF_ERROR(bytes.Read(source, *file, 0, std::min(source.size(), length)));
    return std::string(bytes.view());
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto unpacking, Unpacking::Open(source, packing));
  while (size < length) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t count, unpacking.Read(head.data() + size, length - size));
    if (count == 0) break;
    size += count;
  }
  head.resize(static_cast<size_t>(size));
  return head;
}

Status UnpackFiles(std::vector<FileSource>& files, const ExecutionOptions& execution) {
  return ParallelFor(static_cast<int64_t>(files.size()), execution, [&](int64_t i) -> Status {
    FileSource& file = files[static_cast<size_t>(i)];
    if (file.size() == 0) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(const Packing packing, PackingOf(file));
    if (packing == Packing::kNone) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(file, Unpack(file, packing, execution));
    return OkStatus();
  });
}

}  // namespace penstock::data
