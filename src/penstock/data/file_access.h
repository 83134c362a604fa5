#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <arrow/buffer.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>

#include "penstock/base/status.h"

namespace penstock::data {

/// A file to read by ranges: where it lies and how long it was when it was found. Cheap to
/// copy; holds no open handle, so a dataset of many files needs few descriptors. Safe from any thread.
class FileSource {
 public:
  /// A local path, file:// or any URI arrow::fs knows. kNotFound with the nearest name.
  static Result<FileSource> Find(const std::string& path);
  /// Bytes in memory under a name for messages: tests and fuzzing.
  static FileSource FromMemory(std::string name, std::string content);

  /// An open local file under a name for messages, of 0 bytes until it is said how many it has. Owns `file`,
  /// which is closed with the last copy.
  static FileSource FromOpenFile(std::string name, int file);
  void SetOpenFileSize(int64_t size) { size_ = size; }

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }
  /// The file, open. kDataLoss when it no longer has the size it was found with.
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> Open() const;

 private:
  std::string path_;
  int64_t size_ = 0;
  std::shared_ptr<arrow::fs::FileSystem> filesystem_;  // Null: `open_file_` or `memory_`.
  std::string inner_path_;
  std::shared_ptr<arrow::Buffer> memory_;
  std::shared_ptr<const int> open_file_;
};

/// Bytes that may be read up to kPadding beyond their end (zeros there), so that scanners can load
/// whole words. Keeps its storage when it is filled again.
class PaddedBytes {
 public:
  static constexpr int64_t kPadding = 64;

  /// Fills with the file's bytes [offset, offset + length): exactly, or kDataLoss.
  Status Read(const FileSource& source, arrow::io::RandomAccessFile& file, int64_t offset, int64_t length);
  void Assign(std::string_view bytes);

  const char* data() const { return bytes_.get(); }
  int64_t size() const { return size_; }
  std::string_view view() const { return {bytes_.get(), static_cast<size_t>(size_)}; }

 private:
  void Resize(int64_t size);

  std::unique_ptr<char[]> bytes_;
  int64_t size_ = 0;
  int64_t capacity_ = -1;
};

/// A stream to the new file `path`; its errors name the path. A local file is synced by CloseDurably.
Result<std::shared_ptr<arrow::io::OutputStream>> OpenOutput(const std::string& path);
/// Syncs (where it is local) and closes what OpenOutput gave.
Status CloseDurably(arrow::io::OutputStream& stream, const std::string& path);

/// `status` about `path`, as "Cannot <action> <path>: ...".
Status AboutFile(const arrow::Status& status, std::string_view action, const std::string& path);

}  // namespace penstock::data
