#include "penstock/data/tfrecord/record_reader.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "penstock/data/tfrecord/crc32c.h"

namespace penstock::data::tfrecord {
namespace {

constexpr int64_t kPieceBytes = int64_t{256} << 10;

template <class Word>
Word LoadLittleEndian(const char* from) {
  Word word = 0;
  for (size_t i = 0; i < sizeof(Word); ++i)
    word |= static_cast<Word>(static_cast<uint8_t>(from[i])) << (8 * i);
  return word;
}

class RangeStream : public ByteStream {
 public:
  RangeStream(std::string path, std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t begin, int64_t end)
      : path_(std::move(path)), file_(std::move(file)), position_(begin), end_(end) {}

  Result<int64_t> Read(char* into, int64_t length) override {
    auto count = file_->ReadAt(position_, std::min(length, end_ - position_), into);
    if (!count.ok()) return AboutFile(count.status(), "read", path_);
    position_ += *count;
    return *count;
  }

 private:
  const std::string path_;
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  int64_t position_;
  const int64_t end_;
};

class GzipStream : public ByteStream {
 public:
  GzipStream(std::string path, std::unique_ptr<ByteStream> packed)
      : path_(std::move(path)), packed_(std::move(packed)), input_(kPieceBytes) {}
  ~GzipStream() override { inflateEnd(&zlib_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Status Open() {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&zlib_, MAX_WBITS + kGzipOnly) != Z_OK)
      return ResourceExhausted("Cannot start to gunzip {}", path_);
    return OkStatus();
  }

  Result<int64_t> Read(char* into, int64_t length) override {
    zlib_.next_out = reinterpret_cast<Bytef*>(into);
    zlib_.avail_out = static_cast<uInt>(std::min<int64_t>(length, kPieceBytes));
    const uInt wanted = zlib_.avail_out;
    while (zlib_.avail_out == wanted) {
      if (zlib_.avail_in == 0) {
        PENSTOCK_ASSIGN_OR_RETURN(const int64_t count,
                                  packed_->Read(input_.data(), static_cast<int64_t>(input_.size())));
        zlib_.next_in = reinterpret_cast<Bytef*>(input_.data());
        zlib_.avail_in = static_cast<uInt>(count);
        num_packed_ += count;
        if (count == 0) {
          if (is_between_members_) return 0;
          return DataLoss("The gzip file is cut short: {} (it ends at byte {}, without its end mark)", path_,
                          num_packed_);
        }
      }
      is_between_members_ = false;
      const int code = inflate(&zlib_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        is_between_members_ = true;
        inflateReset(&zlib_);
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return DataLoss("The gzip file is damaged: {} ({}, near byte {})", path_,
                        zlib_.msg != nullptr ? zlib_.msg : "no more is known", num_packed_ - zlib_.avail_in);
      }
    }
    return wanted - zlib_.avail_out;
  }

 private:
  const std::string path_;
  const std::unique_ptr<ByteStream> packed_;
  std::vector<char> input_;
  z_stream zlib_{};
  int64_t num_packed_ = 0;
  bool is_between_members_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> StreamRange(const FileSource& source, int64_t begin, int64_t end) {
  PENSTOCK_ASSIGN_OR_RETURN(auto file, source.Open());
  return std::make_unique<RangeStream>(source.path(), std::move(file), begin, end);
}

Result<std::unique_ptr<ByteStream>> StreamGzip(const FileSource& source) {
  PENSTOCK_ASSIGN_OR_RETURN(auto packed, StreamRange(source, 0, source.size()));
  auto stream = std::make_unique<GzipStream>(source.path(), std::move(packed));
  PENSTOCK_RETURN_IF_ERROR(stream->Open());
  return stream;
}

bool IsRecordHeader(std::string_view head) {
  return head.size() >= static_cast<size_t>(RecordReader::kHeaderBytes) &&
         LoadLittleEndian<uint32_t>(head.data() + 8) == MaskedCrc32c(head.substr(0, 8));
}

Result<bool> IsGzip(const FileSource& source) {
  PENSTOCK_ASSIGN_OR_RETURN(auto stream, StreamRange(source, 0, source.size()));
  char head[RecordReader::kHeaderBytes];
  int64_t size = 0;
  while (size < RecordReader::kHeaderBytes) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t count,
                              stream->Read(head + size, RecordReader::kHeaderBytes - size));
    if (count == 0) break;
    size += count;
  }
  // A plain record's length may begin with gzip's magic bytes, but then its checksum fits too.
  const std::string_view bytes(head, static_cast<size_t>(size));
  return !IsRecordHeader(bytes) && bytes.starts_with("\x1F\x8B");
}

Status RecordReader::Damaged(std::string_view what) const {
  return DataLoss("{}, record {} at byte {}: {}", path_, record_number_, offset_, what);
}

Result<bool> RecordReader::Fill(int64_t length) {
  const auto needed = static_cast<size_t>(length);
  if (begin_ > 0 && end_ - begin_ < needed) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < needed) {
    // Grows with what is really there, not with what a length claims.
    if (end_ == buffer_.size()) buffer_.resize(std::max<size_t>(2 * buffer_.size(), kPieceBytes));
    PENSTOCK_ASSIGN_OR_RETURN(
        const int64_t count,
        stream_->Read(buffer_.data() + end_, static_cast<int64_t>(buffer_.size() - end_)));
    if (count == 0) return false;
    end_ += static_cast<size_t>(count);
  }
  return true;
}

Result<std::optional<int64_t>> RecordReader::Header() {
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_header, Fill(kHeaderBytes));
  if (!has_header) {
    if (begin_ == end_) return std::optional<int64_t>();
    return Damaged("the file is cut short within the record's header");
  }
  const char* const header = buffer_.data() + begin_;
  if (!IsRecordHeader({header, static_cast<size_t>(kHeaderBytes)}))
    return Damaged("the checksum of the record's length is wrong; the file is damaged or no TFRecord file");
  const auto length = LoadLittleEndian<uint64_t>(header);
  if (length > kMaxRecordBytes)
    return Damaged(fmt::format("the record has {} bytes, more than {}", length, kMaxRecordBytes));
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_data,
                            Fill(kHeaderBytes + static_cast<int64_t>(length) + kFooterBytes));
  if (!has_data) return Damaged("the file is cut short within the record's data");
  return static_cast<int64_t>(length);
}

Result<std::optional<std::string_view>> RecordReader::Next() {
  PENSTOCK_ASSIGN_OR_RETURN(const auto length, Header());
  if (!length) return std::optional<std::string_view>();
  const std::string_view data(buffer_.data() + begin_ + kHeaderBytes, static_cast<size_t>(*length));
  if (LoadLittleEndian<uint32_t>(data.data() + data.size()) != MaskedCrc32c(data))
    return Damaged("the checksum of the record's data is wrong; the file is damaged");
  const int64_t total = kHeaderBytes + *length + kFooterBytes;
  begin_ += static_cast<size_t>(total);
  offset_ += total;
  ++record_number_;
  return data;
}

Result<bool> RecordReader::Skip() {
  PENSTOCK_ASSIGN_OR_RETURN(const auto length, Header());
  if (!length) return false;
  const int64_t total = kHeaderBytes + *length + kFooterBytes;
  begin_ += static_cast<size_t>(total);
  offset_ += total;
  ++record_number_;
  return true;
}

}  // namespace penstock::data::tfrecord
