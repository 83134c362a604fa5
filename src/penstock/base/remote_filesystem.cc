#include "penstock/base/remote_filesystem.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include <arrow/config.h>
#include <arrow/filesystem/filesystem.h>

#include "penstock/base/arrow_status.h"

namespace penstock::fs {
namespace {

/// S3 lies in a library of its own beside Arrow's.
Status LoadS3() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&arrow::GetBuildInfo), &info) == 0 || info.dli_fname == nullptr)
    return OkStatus();
  std::string library = info.dli_fname;
  const size_t name = library.rfind("libarrow.so");
  if (name == library.npos) return OkStatus();
  library.replace(name, std::string_view("libarrow").size(), "libarrow_s3");
  // An Arrow of the system's has S3 inside, or not at all.
  if (access(library.c_str(), R_OK) != 0) return OkStatus();
  return FromArrow(arrow::fs::LoadFileSystemFactories(library.c_str()));
}

/// The file systems that were opened, by scheme and place.
class OpenFileSystems {
 public:
  static OpenFileSystems& Get() {
    // Never destroyed: at the program's end Finish() has to come before what the libraries do.
    static auto* open = new OpenFileSystems;
    return *open;
  }

  Result<RemoteLocation> Find(const std::string& root, bool is_s3) {
    const std::lock_guard lock(mutex_);
    if (const auto known = by_root_.find(root); known != by_root_.end()) return known->second;
    if (is_s3 && !has_s3_) PENSTOCK_RETURN_IF_ERROR(LoadS3());
    RemoteLocation location;
    auto made = arrow::fs::FileSystemFromUri(root + "/", &location.inner_root);
    if (!made.ok()) return AboutPath(made.status(), "open", root);
    // Once S3 runs: what is registered last at the program's end goes first.
    if (is_s3 && !std::exchange(has_s3_, true)) std::atexit([] { Get().Finish(); });
    location.filesystem = std::move(made).ValueUnsafe();
    while (location.inner_root.ends_with('/')) location.inner_root.pop_back();
    location.shown_root = root;
    by_root_.emplace(root, location);
    return location;
  }

 private:
  OpenFileSystems() = default;
  // S3's library wants to be told that it ends, after its last file system and before the program.
  void Finish() {
    const std::lock_guard lock(mutex_);
    by_root_.clear();
    arrow::fs::EnsureFinalized();
  }

  std::mutex mutex_;
  std::map<std::string, RemoteLocation> by_root_;  // Guarded by mutex_.
  bool has_s3_ = false;                            // Guarded by mutex_.
};

}  // namespace

Result<RemoteLocation> LocateRemote(const std::string& uri) {
  PENSTOCK_RETURN_IF_ERROR(CheckStorageUri(uri));
  const StorageUri parts = SplitStorageUri(uri);
  PENSTOCK_ASSIGN_OR_RETURN(
      RemoteLocation location,
      OpenFileSystems::Get().Find(fmt::format("{}://{}", parts.scheme, parts.place), parts.scheme == "s3"));
  std::string_view path = parts.path;
  while (path.ends_with('/')) path.remove_suffix(1);
  location.path = location.inner_root;
  if (!path.empty() || location.path.empty()) location.path += fmt::format("/{}", path);
  return location;
}

Status AboutPath(const arrow::Status& status, std::string_view action, const std::string& path) {
  const Status about = Annotate(FromArrow(status), fmt::format("Cannot {} {}", action, path));
  if (!IsRemote(path) || !status.IsIOError()) return about;
  const StorageUri parts = SplitStorageUri(path);
  const StorageScheme* scheme = FindStorageScheme(parts.scheme);
  if (scheme == nullptr) return about;
  const std::string said(about.message().data(), about.message().size());
  // A store that was not reached or that refused: the user's to mend.
  return InvalidArgument("{} (is the {} '{}' right? Set {})", said, scheme->place, parts.place,
                         scheme->settings);
}

}  // namespace penstock::fs
