#include "penstock/data/tfrecord/record_writer.h"

#include <zlib.h>

#include <vector>

#include "penstock/data/file_access.h"
#include "penstock/data/tfrecord/crc32c.h"

namespace penstock::data::tfrecord {
namespace {

constexpr size_t kPieceBytes = size_t{256} << 10;

void AppendLittleEndian(uint64_t value, int num_bytes, std::string& out) {
  for (int i = 0; i < num_bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

/// Packs bytes into one gzip member. Its header holds no time, so equal bytes give equal members.
class GzipPacker {
 public:
  GzipPacker() : output_(kPieceBytes) {}
  ~GzipPacker() { deflateEnd(&zlib_); }
  GzipPacker(const GzipPacker&) = delete;
  GzipPacker& operator=(const GzipPacker&) = delete;

  Status Open() {
    constexpr int kGzip = 16;
    constexpr int kMemoryLevel = 8;
    if (deflateInit2(&zlib_, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzip, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK)
      return ResourceExhausted("There is no memory to gzip with");
    return OkStatus();
  }
  Status Write(std::string_view bytes, bool is_last, arrow::io::OutputStream& stream,
               const std::string& path) {
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    zlib_.avail_in = static_cast<uInt>(bytes.size());
    int code = Z_OK;
    do {
      zlib_.next_out = reinterpret_cast<Bytef*>(output_.data());
      zlib_.avail_out = static_cast<uInt>(output_.size());
      code = deflate(&zlib_, is_last ? Z_FINISH : Z_NO_FLUSH);
      const auto status =
          stream.Write(output_.data(), static_cast<int64_t>(output_.size() - zlib_.avail_out));
      if (!status.ok()) return AboutFile(status, "write", path);
    } while (is_last ? code != Z_STREAM_END : zlib_.avail_in > 0 || zlib_.avail_out == 0);
    return OkStatus();
  }

 private:
  std::vector<char> output_;
  z_stream zlib_{};
};

class FileRecordWriter final : public RecordWriter {
 public:
  FileRecordWriter(std::string path, std::shared_ptr<arrow::io::OutputStream> stream,
                   std::unique_ptr<GzipPacker> packer)
      : path_(std::move(path)), stream_(std::move(stream)), packer_(std::move(packer)) {}

  Status Write(std::string_view record) override {
    AppendRecord(record, pending_);
    return pending_.size() >= kPieceBytes ? Flush(/*is_last=*/false) : OkStatus();
  }

  Status Close() override {
    PENSTOCK_RETURN_IF_ERROR(Flush(/*is_last=*/true));
    return CloseDurably(*stream_, path_);
  }

 private:
  Status Flush(bool is_last) {
    if (packer_ != nullptr) {
      PENSTOCK_RETURN_IF_ERROR(packer_->Write(pending_, is_last, *stream_, path_));
    } else {
      const auto status = stream_->Write(pending_.data(), static_cast<int64_t>(pending_.size()));
      if (!status.ok()) return AboutFile(status, "write", path_);
    }
    pending_.clear();
    return OkStatus();
  }

  const std::string path_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  const std::unique_ptr<GzipPacker> packer_;  // Null: plain.
  std::string pending_;                       // Framed records not yet written.
};

}  // namespace

void AppendRecord(std::string_view data, std::string& out) {
  const size_t begin = out.size();
  AppendLittleEndian(data.size(), 8, out);
  AppendLittleEndian(MaskedCrc32c({out.data() + begin, 8}), 4, out);
  out.append(data);
  AppendLittleEndian(MaskedCrc32c(data), 4, out);
}

Result<std::unique_ptr<RecordWriter>> RecordWriter::Open(const std::string& path, bool is_gzip) {
  std::unique_ptr<GzipPacker> packer;
  if (is_gzip) {
    packer = std::make_unique<GzipPacker>();
    PENSTOCK_RETURN_IF_ERROR(packer->Open());
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto stream, OpenOutput(path));
  return std::make_unique<FileRecordWriter>(path, std::move(stream), std::move(packer));
}

}  // namespace penstock::data::tfrecord
