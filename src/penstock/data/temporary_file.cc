#include "penstock/data/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace penstock::data {
namespace {

/// An open file that no name leads to.
Result<int> OpenNameless() {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  if (error) return NotFound("There is no folder for temporary files: {} (set TMPDIR)", error.message());
  int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  // Some file systems know no nameless files.
  std::string name = (folder / "penstock-XXXXXX").string();
  file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0)
    return ResourceExhausted("Cannot make a temporary file in {}: {} (set TMPDIR)", folder.string(),
                             std::strerror(errno));
  ::unlink(name.c_str());
  return file;
}

}  // namespace

Result<TemporaryFile> TemporaryFile::Make(std::string content) {
  PENSTOCK_ASSIGN_OR_RETURN(const int file, OpenNameless());
  return TemporaryFile(FileSource::FromOpenFile(std::move(content), file), file);
}

Result<std::shared_ptr<arrow::io::FileOutputStream>> TemporaryFile::Append() const {
  auto stream = arrow::io::FileOutputStream::Open(::fcntl(file_, F_DUPFD_CLOEXEC, 0));
  if (!stream.ok()) return CannotWrite(stream.status().message());
  return *std::move(stream);
}

Status TemporaryFile::CannotWrite(std::string_view content, std::string_view why) {
  return ResourceExhausted(
      "Cannot write {} to a temporary file: {} (make room, or set TMPDIR to another disk)", content, why);
}

}  // namespace penstock::data
