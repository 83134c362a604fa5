#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/data/file_access.h"

namespace penstock::data::tfrecord {

/// Bytes one after the other.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Up to `length` bytes; 0 at the end only.
  virtual Result<int64_t> Read(char* into, int64_t length) = 0;
};

/// The file's bytes [begin, end).
Result<std::unique_ptr<ByteStream>> StreamRange(const FileSource& source, int64_t begin, int64_t end);
/// What the gzip file holds, unpacked (several members follow each other). kDataLoss where it is damaged or
/// ends before its end mark.
Result<std::unique_ptr<ByteStream>> StreamGzip(const FileSource& source);

/// True when the file begins with a gzip member rather than with a TFRecord record.
Result<bool> IsGzip(const FileSource& source);
/// True when these first bytes of a (gunzipped) file are the header of a TFRecord record.
bool IsRecordHeader(std::string_view head);

/// Records of a TFRecord stream: uint64 length, masked crc32c of it, the data, masked crc32c of that; all
/// little-endian. Checks both sums. Errors are kDataLoss and name file, record (1-based) and byte.
/// Memory: the longest record. Not for concurrent use.
class RecordReader {
 public:
  /// A record above this is taken for damage.
  static constexpr uint64_t kMaxRecordBytes = uint64_t{256} << 20;
  static constexpr int64_t kHeaderBytes = 12;
  static constexpr int64_t kFooterBytes = 4;

  /// `stream` starts at byte `offset` of the (unpacked) file `path`, before record `record_number` (1-based).
  RecordReader(std::string path, std::unique_ptr<ByteStream> stream, int64_t offset = 0,
               int64_t record_number = 1)
      : path_(std::move(path)), stream_(std::move(stream)), offset_(offset), record_number_(record_number) {}

  /// The next record, valid until the next call; none at the end.
  Result<std::optional<std::string_view>> Next();
  /// Passes a record without checking its data; false at the end.
  Result<bool> Skip();

  /// Of the record that comes next.
  int64_t offset() const { return offset_; }
  int64_t record_number() const { return record_number_; }

 private:
  /// Makes `length` bytes from begin_ on available; false when the stream ends before.
  Result<bool> Fill(int64_t length);
  /// The length of the next record's data, which is then available; none at the end.
  Result<std::optional<int64_t>> Header();
  Status Damaged(std::string_view what) const;

  const std::string path_;
  const std::unique_ptr<ByteStream> stream_;
  int64_t offset_;
  int64_t record_number_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // The bytes not yet handed out are buffer_[begin_, end_).
  size_t end_ = 0;
};

}  // namespace penstock::data::tfrecord
