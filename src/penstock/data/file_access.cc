#include "penstock/data/file_access.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <arrow/filesystem/localfs.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/util/io_util.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/remote_filesystem.h"

namespace penstock::data {
namespace {

std::string LocalPath(const std::string& path) { return path.starts_with("file://") ? path.substr(7) : path; }

}  // namespace

Status AboutFile(const arrow::Status& status, std::string_view action, const std::string& path) {
  return fs::AboutPath(status, action, path);
}

Result<FileSource> FileSource::Find(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const fs::FileEntry entry, fs::Stat(path));
  if (entry.is_directory) return InvalidArgument("A file is needed, this is a folder: {}", path);
  FileSource source;
  source.path_ = path;
  source.size_ = entry.size;
  if (fs::IsRemote(path)) {
    PENSTOCK_ASSIGN_OR_RETURN(auto remote, fs::LocateRemote(path));
    source.filesystem_ = std::move(remote.filesystem);
    source.inner_path_ = std::move(remote.path);
  } else {
    source.filesystem_ = std::make_shared<arrow::fs::LocalFileSystem>();
    source.inner_path_ = LocalPath(path);
  }
  return source;
}

FileSource FileSource::FromMemory(std::string name, std::string content) {
  FileSource source;
  source.path_ = std::move(name);
  source.size_ = static_cast<int64_t>(content.size());
  source.memory_ = arrow::Buffer::FromString(std::move(content));
  return source;
}

FileSource FileSource::FromOpenFile(std::string name, int file) {
  FileSource source;
  source.path_ = std::move(name);
  source.open_file_ = std::shared_ptr<const int>(new int(file), [](const int* owned) {
    ::close(*owned);
    delete owned;
  });
  return source;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> FileSource::Open() const {
  if (open_file_ != nullptr) {
    // Reads by place (pread), so that copies of one descriptor do not disturb each other.
    auto file = arrow::io::ReadableFile::Open(::fcntl(*open_file_, F_DUPFD_CLOEXEC, 0));
    if (!file.ok()) return AboutFile(file.status(), "open", path_);
    return std::move(file).ValueUnsafe();
  }
  if (filesystem_ == nullptr) return std::make_shared<arrow::io::BufferReader>(memory_);
  auto file = filesystem_->OpenInputFile(inner_path_);
  if (!file.ok()) return AboutFile(file.status(), "open", path_);
  auto size = (*file)->GetSize();
  if (!size.ok()) return AboutFile(size.status(), "read", path_);
  if (*size != size_)
    return DataLoss("The file changed while it was being read: {} (it had {} bytes, now it has {})", path_,
                    size_, *size);
  return std::move(file).ValueUnsafe();
}

void PaddedBytes::Resize(int64_t size) {
  if (size > capacity_) {
    bytes_.reset(new char[static_cast<size_t>(size + kPadding)]);
    capacity_ = size;
  }
  size_ = size;
  std::memset(bytes_.get() + size, 0, kPadding);
}

Status PaddedBytes::Read(const FileSource& source, arrow::io::RandomAccessFile& file, int64_t offset,
                         int64_t length) {
  Resize(length);
  auto count = file.ReadAt(offset, length, bytes_.get());
  if (!count.ok()) return AboutFile(count.status(), "read", source.path());
  if (*count != length)
    return DataLoss("The file is cut short: {} ends {} bytes early", source.path(), length - *count);
  return OkStatus();
}

void PaddedBytes::Assign(std::string_view bytes) {
  Resize(static_cast<int64_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(bytes_.get(), bytes.data(), bytes.size());
}

Result<std::shared_ptr<arrow::io::OutputStream>> OpenOutput(const std::string& path) {
  if (!fs::IsRemote(path)) {
    auto stream = arrow::io::FileOutputStream::Open(LocalPath(path));
    if (!stream.ok()) return AboutFile(stream.status(), "write", path);
    return std::move(stream).ValueUnsafe();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto remote, fs::LocateRemote(path));
  auto stream = remote.filesystem->OpenOutputStream(remote.path);
  if (!stream.ok()) return AboutFile(stream.status(), "write", path);
  return std::move(stream).ValueUnsafe();
}

Status CloseDurably(arrow::io::OutputStream& stream, const std::string& path) {
  arrow::Status status = stream.Flush();
  if (!status.ok()) return AboutFile(status, "write", path);
  if (auto* local = dynamic_cast<arrow::io::FileOutputStream*>(&stream)) {
    // A pipe or a device cannot be synced (EINVAL); nothing is lost by that.
    if (::fsync(local->file_descriptor()) != 0 && errno != EINVAL)
      return AboutFile(arrow::internal::IOErrorFromErrno(errno, "sync failed"), "write", path);
  }
  status = stream.Close();
  return status.ok() ? OkStatus() : AboutFile(status, "write", path);
}

}  // namespace penstock::data
