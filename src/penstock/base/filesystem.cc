#include "penstock/base/filesystem.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>

#include <arrow/filesystem/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/io_util.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/ids.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/remote_filesystem.h"

namespace penstock::fs {
namespace {

namespace stdfs = std::filesystem;
using arrow::fs::FileType;

struct Location {
  std::shared_ptr<arrow::fs::FileSystem> filesystem;
  std::string path;        // As `filesystem` wants it.
  std::string inner_root;  // What such paths start with, and what the caller has in its place.
  std::string shown_root;
  bool is_local = true;

  std::string Shown(const std::string& inner) const { return shown_root + inner.substr(inner_root.size()); }
};

/// "a/b" of "a/b//": what is below it is named by what follows it.
std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Result<Location> Locate(const std::string& path) {
  static const auto local = std::make_shared<arrow::fs::LocalFileSystem>();
  if (path.find('\0') != std::string::npos)
    return InvalidArgument("A path holds a zero byte: {}", path.c_str());
  if (path.empty()) return InvalidArgument("A path is empty");
  if (path.starts_with("file://"))
    return Location{local, WithoutTrailingSlashes(path.substr(7)), "", "file://", true};
  if (!IsRemote(path)) return Location{local, WithoutTrailingSlashes(path), "", "", true};
  PENSTOCK_ASSIGN_OR_RETURN(RemoteLocation remote, LocateRemote(path));
  return Location{std::move(remote.filesystem), std::move(remote.path), std::move(remote.inner_root),
                  std::move(remote.shown_root), false};
}

Status SystemStatus(const std::error_code& error, std::string_view action, std::string_view path) {
  return FromArrow(arrow::internal::IOErrorFromErrno(error.value(), "Cannot ", action, ' ', path));
}

Status ErrnoStatus(std::string_view action, std::string_view path) {
  return SystemStatus(std::error_code(errno, std::generic_category()), action, path);
}

Status MissingFile(const std::string& path) {
  std::vector<std::string> siblings;
  std::error_code ignored;
  if (IsRemote(path)) {
    if (!IsRemote(DirName(path))) return NotFound("There is no {}", path);
    const auto listed = List(DirName(path));
    if (listed.ok())
      for (const FileEntry& entry : *listed) siblings.push_back(BaseName(entry.path));
  } else {
    for (const auto& entry : stdfs::directory_iterator(DirName(path), ignored))
      siblings.push_back(entry.path().filename());
  }
  return NotFound("There is no file or folder {}{}", path, DidYouMean(BaseName(path), siblings));
}

FileEntry ToEntry(const arrow::fs::FileInfo& info, const Location& at) {
  return {at.Shown(info.path()), std::max<int64_t>(0, info.size()), info.type() == FileType::Directory};
}

Status SyncPath(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("open", path);
  const int failed = ::fsync(fd);
  const Status status = failed ? ErrnoStatus("sync", path) : OkStatus();
  ::close(fd);
  return status;
}

/// A device or a pipe, which must be written to and never be replaced by a file: /dev/null.
bool IsSpecialFile(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode);
}

Status WriteAll(int fd, std::string_view content, const std::string& path) {
  for (size_t done = 0; done < content.size();) {
    const ssize_t written = ::write(fd, content.data() + done, content.size() - done);
    if (written < 0 && errno != EINTR) return ErrnoStatus("write", path);
    if (written > 0) done += static_cast<size_t>(written);
  }
  return OkStatus();
}

Status WriteSpecialFile(const std::string& path, std::string_view content) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("write", path);
  const Status status = WriteAll(fd, content, path);
  ::close(fd);
  return status;
}

Status WriteLocal(const std::string& path, std::string_view content) {
  if (IsSpecialFile(path)) return WriteSpecialFile(path, content);
  // Hidden, so that what a crash leaves is never taken for data; its own for every call, so that writers do
  // not meet.
  const std::string staged = Join(DirName(path), "." + NewUuid() + ".new");
  const int fd = ::open(staged.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return ErrnoStatus("write", path);
  Status status = WriteAll(fd, content, path);
  if (status.ok() && ::fsync(fd) != 0) status = ErrnoStatus("sync", path);
  if (::close(fd) != 0 && status.ok()) status = ErrnoStatus("close", path);
  if (status.ok() && ::rename(staged.c_str(), path.c_str()) != 0) status = ErrnoStatus("rename to", path);
  if (!status.ok()) {
    ::unlink(staged.c_str());
    return status;
  }
  return SyncPath(DirName(path), O_RDONLY | O_DIRECTORY);
}

constexpr int kAnyDepth = INT32_MAX;

/// Everything in a local folder and `max_depth` folders below. Links are followed, but never back into a
/// folder that leads to them; `above` holds those.
Status ListLocal(const std::string& folder, int max_depth, std::vector<std::pair<dev_t, ino_t>>& above,
                 std::vector<arrow::fs::FileInfo>& infos) {
  std::error_code error;
  for (stdfs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string path = Join(folder, entry->path().filename().string());
    struct stat found;
    if (::stat(path.c_str(), &found) != 0) {
      // A link to nowhere is nothing; a file may also go while the folder is read.
      if (errno == ENOENT || errno == ELOOP) continue;
      return ErrnoStatus("look at", path);
    }
    const bool is_directory = S_ISDIR(found.st_mode);
    arrow::fs::FileInfo info(path, is_directory ? FileType::Directory : FileType::File);
    info.set_size(is_directory ? 0 : found.st_size);
    infos.push_back(std::move(info));
    const std::pair identity(found.st_dev, found.st_ino);
    if (!is_directory || max_depth == 0 || std::find(above.begin(), above.end(), identity) != above.end())
      continue;
    above.push_back(identity);
    PENSTOCK_RETURN_IF_ERROR(ListLocal(path, max_depth - 1, above, infos));
    above.pop_back();
  }
  return error ? SystemStatus(error, "list", folder) : OkStatus();
}

/// What lies in `at` (depth 0) or at most so many folders below, sorted by path.
Result<std::vector<arrow::fs::FileInfo>> ListInfos(const Location& at, const std::string& shown,
                                                   int max_depth) {
  std::vector<arrow::fs::FileInfo> infos;
  if (at.is_local) {
    std::vector<std::pair<dev_t, ino_t>> above;
    if (struct stat self; ::stat(at.path.c_str(), &self) == 0) above.emplace_back(self.st_dev, self.st_ino);
    PENSTOCK_RETURN_IF_ERROR(ListLocal(at.path, max_depth, above, infos));
  } else {
    arrow::fs::FileSelector selector;
    selector.base_dir = at.path;
    selector.recursive = max_depth > 0;
    selector.max_recursion = max_depth;
    auto listed = at.filesystem->GetFileInfo(selector);
    if (!listed.ok()) return AboutPath(listed.status(), "list", shown);
    infos = std::move(listed).ValueUnsafe();
  }
  std::sort(infos.begin(), infos.end(), [](const auto& a, const auto& b) { return a.path() < b.path(); });
  return infos;
}

Status AddFileToDigest(const Location& at, const std::string& path, DigestBuilder& digest) {
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto stream, at.filesystem->OpenInputStream(path));
  constexpr int64_t kChunk = 1 << 20;
  std::string buffer(kChunk, '\0');
  int64_t total = 0;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(const int64_t count, stream->Read(kChunk, buffer.data()));
    if (count == 0) break;
    digest.AddRaw({buffer.data(), static_cast<size_t>(count)});
    total += count;
  }
  digest.Add(total);
  return OkStatus();
}

}  // namespace

Result<std::string> ReadFile(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(path));
  PENSTOCK_ASSIGN_OR_RETURN(const FileEntry entry, Stat(path));
  if (entry.is_directory) return InvalidArgument("A file is needed, this is a folder: {}", path);
  auto file = at.filesystem->OpenInputFile(at.path);
  if (!file.ok()) return AboutPath(file.status(), "open", path);
  auto size = (*file)->GetSize();
  if (!size.ok()) return AboutPath(size.status(), "read", path);
  std::string content(static_cast<size_t>(*size), '\0');
  auto count = (*file)->ReadAt(0, *size, content.data());
  if (!count.ok()) return AboutPath(count.status(), "read", path);
  content.resize(static_cast<size_t>(*count));
  return content;
}

Status WriteFileAtomically(const std::string& path, std::string_view content) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(path));
  PENSTOCK_RETURN_IF_ERROR(CreateDirectories(DirName(path)));
  if (at.is_local) return WriteLocal(at.path, content);
  // Object stores publish a whole object when its stream is closed.
  auto stream = at.filesystem->OpenOutputStream(at.path);
  if (!stream.ok()) return AboutPath(stream.status(), "write", path);
  arrow::Status status = (*stream)->Write(content.data(), static_cast<int64_t>(content.size()));
  if (status.ok()) status = (*stream)->Close();
  return status.ok() ? OkStatus() : AboutPath(status, "write", path);
}

Result<bool> Exists(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(path));
  auto info = at.filesystem->GetFileInfo(at.path);
  if (!info.ok()) return AboutPath(info.status(), "look at", path);
  return info->type() != FileType::NotFound;
}

Result<FileEntry> Stat(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(path));
  auto info = at.filesystem->GetFileInfo(at.path);
  if (!info.ok()) return AboutPath(info.status(), "look at", path);
  if (info->type() == FileType::NotFound) return MissingFile(path);
  return ToEntry(*info, at);
}

Result<bool> IsDirectory(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const FileEntry entry, Stat(path));
  return entry.is_directory;
}

Result<std::vector<FileEntry>> List(const std::string& directory, bool recursive) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(directory));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_directory, IsDirectory(directory));
  if (!is_directory) return InvalidArgument("A folder is needed, this is a file: {}", directory);
  PENSTOCK_ASSIGN_OR_RETURN(const auto infos, ListInfos(at, directory, recursive ? kAnyDepth : 0));
  std::vector<FileEntry> entries;
  for (const auto& info : infos) entries.push_back(ToEntry(info, at));
  return entries;
}

Result<std::vector<std::string>> Glob(const std::string& pattern) {
  std::vector<std::string> files;
  const size_t wildcard = pattern.find_first_of("*?[");
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, Exists(pattern));
  if (exists || wildcard == std::string::npos) {
    PENSTOCK_ASSIGN_OR_RETURN(const FileEntry entry, Stat(pattern));
    if (!entry.is_directory) return std::vector{pattern};
    PENSTOCK_ASSIGN_OR_RETURN(const auto entries, List(pattern, /*recursive=*/true));
    for (const auto& file : entries) {
      const std::string name = BaseName(file.path);
      if (!file.is_directory && !name.starts_with('.') && !name.starts_with('_')) files.push_back(file.path);
    }
    if (files.empty()) return NotFound("The folder holds no data files: {}", pattern);
    return files;
  }
  const std::string folder = DirName(pattern.substr(0, wildcard) + "x");
  PENSTOCK_ASSIGN_OR_RETURN(const bool folder_exists, Exists(folder));
  if (!folder_exists) return NotFound("No file matches {}: there is no folder {}", pattern, folder);
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(folder));
  // No wildcard matches a slash: deeper than the pattern there is nothing to find.
  const auto depth = static_cast<int>(std::count(pattern.begin() + wildcard, pattern.end(), '/'));
  PENSTOCK_ASSIGN_OR_RETURN(const auto infos, ListInfos(at, folder, depth));
  // What is listed in the working folder starts with "./".
  const bool is_bare = folder == "." && !pattern.starts_with("./");
  for (const auto& info : infos) {
    const std::string file = at.Shown(info.path()).substr(is_bare ? 2 : 0);
    if (info.type() != FileType::Directory &&
        ::fnmatch(pattern.c_str(), file.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0)
      files.push_back(file);
  }
  if (files.empty()) return NotFound("No file matches {}", pattern);
  return files;
}

Status CreateDirectories(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(path));
  if (at.is_local) {
    std::error_code error;
    stdfs::create_directories(at.path, error);
    return error ? SystemStatus(error, "create folder", path) : OkStatus();
  }
  const auto status = at.filesystem->CreateDir(at.path, /*recursive=*/true);
  return status.ok() ? OkStatus() : AboutPath(status, "create folder", path);
}

Status Rename(const std::string& from, const std::string& to) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location source, Locate(from));
  PENSTOCK_ASSIGN_OR_RETURN(const Location target, Locate(to));
  if (target.is_local && IsSpecialFile(target.path))
    return InvalidArgument("A device or pipe cannot be replaced by a file: {}", to);
  if (source.is_local && target.is_local) {
    if (::rename(source.path.c_str(), target.path.c_str()) != 0) return ErrnoStatus("rename to", to);
    return SyncPath(DirName(target.path), O_RDONLY | O_DIRECTORY);
  }
  const auto status = source.filesystem->Move(source.path, target.path);
  return status.ok() ? OkStatus() : AboutPath(status, "rename to", to);
}

Status RemoveAll(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(path));
  if (at.is_local) {
    std::error_code error;
    stdfs::remove_all(at.path, error);
    return error ? SystemStatus(error, "remove", path) : OkStatus();
  }
  auto info = at.filesystem->GetFileInfo(at.path);
  if (!info.ok()) return AboutPath(info.status(), "look at", path);
  if (info->type() == FileType::NotFound) return OkStatus();
  const auto status = info->type() == FileType::Directory ? at.filesystem->DeleteDir(at.path)
                                                          : at.filesystem->DeleteFile(at.path);
  return status.ok() ? OkStatus() : AboutPath(status, "remove", path);
}

Status CopyTree(const std::string& from, const std::string& to) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location source, Locate(from));
  PENSTOCK_ASSIGN_OR_RETURN(const Location target, Locate(to));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_directory, IsDirectory(from));
  std::vector<arrow::fs::FileLocator> sources;
  std::vector<arrow::fs::FileLocator> targets;
  PENSTOCK_RETURN_IF_ERROR(CreateDirectories(is_directory ? to : DirName(to)));
  if (!is_directory) {
    sources.push_back({source.filesystem, source.path});
    targets.push_back({target.filesystem, target.path});
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(const auto infos, ListInfos(source, from, kAnyDepth));
    for (const auto& info : infos) {
      const std::string name = info.path().substr(source.path.size());
      if (info.type() == FileType::Directory) {
        PENSTOCK_RETURN_IF_ERROR(CreateDirectories(Join(to, name)));
      } else {
        sources.push_back({source.filesystem, info.path()});
        targets.push_back({target.filesystem, Join(target.path, name)});
      }
    }
  }
  const arrow::Status status = arrow::fs::CopyFiles(sources, targets);
  return status.ok() ? OkStatus() : AboutPath(status, "copy to", to);
}

Status SyncTree(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(path));
  if (!at.is_local) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(const FileEntry entry, Stat(path));
  if (!entry.is_directory) return SyncPath(at.path, O_RDONLY);
  PENSTOCK_ASSIGN_OR_RETURN(const auto infos, ListInfos(at, path, kAnyDepth));
  for (const auto& info : infos)
    PENSTOCK_RETURN_IF_ERROR(
        SyncPath(info.path(), info.type() == FileType::Directory ? O_RDONLY | O_DIRECTORY : O_RDONLY));
  return SyncPath(at.path, O_RDONLY | O_DIRECTORY);
}

Result<Digest> DigestOfTree(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const Location at, Locate(path));
  PENSTOCK_ASSIGN_OR_RETURN(const FileEntry entry, Stat(path));
  DigestBuilder digest;
  if (!entry.is_directory) {
    PENSTOCK_RETURN_IF_ERROR(AddFileToDigest(at, at.path, digest));
    return digest.Finish();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto infos, ListInfos(at, path, kAnyDepth));
  for (const auto& info : infos) {
    if (info.type() == FileType::Directory) continue;
    digest.Add(std::string_view(info.path()).substr(at.path.size()));
    PENSTOCK_RETURN_IF_ERROR(AddFileToDigest(at, info.path(), digest));
  }
  return digest.Finish();
}

std::string Join(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  while (name.starts_with('/')) name.remove_prefix(1);
  if (name.empty()) return std::string(directory);
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", name);
}

std::string BaseName(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == path.npos ? path : path.substr(slash + 1));
}

std::string DirName(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::string Absolute(const std::string& path) {
  if (IsRemote(path)) return path;
  const std::string local = path.starts_with("file://") ? path.substr(7) : path;
  std::error_code error;
  const auto absolute = stdfs::absolute(local, error);
  return error ? local : WithoutTrailingSlashes(absolute.lexically_normal().string());
}

Status CheckPathComponent(std::string_view name, std::string_view what) {
  constexpr size_t kMaxBytes = 200;
  if (name.empty()) return InvalidArgument("{} is empty", what);
  if (name.size() > kMaxBytes)
    return InvalidArgument("{} is longer than {} bytes: {}…", what, kMaxBytes, name.substr(0, 40));
  if (name == "." || name == ".." || name.find('/') != name.npos || name.find('\0') != name.npos)
    return InvalidArgument(
        "{} must not hold '/' nor be '.' or '..': '{}' (use letters, digits, '-', '_' and '.')", what, name);
  return OkStatus();
}

}  // namespace penstock::fs
