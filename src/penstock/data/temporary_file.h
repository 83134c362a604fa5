#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <arrow/io/file.h>

#include "penstock/base/status.h"
#include "penstock/data/file_access.h"

namespace penstock::data {

/// A file without a name (in TMPDIR, else /tmp): it goes with the last copy of its source, and nobody else
/// can open it. Copies share it.
class TemporaryFile {
 public:
  /// `content`: what is to be held, for messages. kResourceExhausted where no file can be made.
  static Result<TemporaryFile> Make(std::string content);

  /// A stream from the file's present end on.
  Result<std::shared_ptr<arrow::io::FileOutputStream>> Append() const;
  /// To read what was written, once SetOpenFileSize says how much that is.
  const FileSource& source() const { return source_; }

  /// kResourceExhausted, with what to do.
  Status CannotWrite(std::string_view why) const { return CannotWrite(source_.path(), why); }
  static Status CannotWrite(std::string_view content, std::string_view why);

 private:
  explicit TemporaryFile(FileSource source, int file) : source_(std::move(source)), file_(file) {}

  FileSource source_;
  int file_;  // Owned by source_.
};

}  // namespace penstock::data
