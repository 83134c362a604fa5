#include "penstock/base/remote_filesystem.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <arrow/config.h>
#include <arrow/filesystem/filesystem.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/near_miss.h"

namespace penstock::fs {
namespace {

struct Scheme {
  std::string_view name;
  std::string_view place;  // What its first part is called.
  std::string_view settings;
};

constexpr Scheme kSchemes[] = {
    {"s3", "bucket",
     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE of ~/.aws; AWS_REGION; and "
     "AWS_ENDPOINT_URL "
     "where the store is not Amazon's"},
    {"gs", "bucket", "GOOGLE_APPLICATION_CREDENTIALS, or log in by gcloud auth application-default login"},
    {"gcs", "bucket", "GOOGLE_APPLICATION_CREDENTIALS, or log in by gcloud auth application-default login"},
    {"abfs", "container", "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in by az login"},
    {"abfss", "container", "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in by az login"},
    {"hdfs", "name node", "HADOOP_HOME, JAVA_HOME and CLASSPATH (hadoop classpath --glob)"},
};

const Scheme* FindScheme(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kSchemes), std::end(kSchemes), [&](const Scheme& s) { return s.name == name; });
  return found == std::end(kSchemes) ? nullptr : found;
}

/// The parts of SCHEME://PLACE/PATH.
struct Parts {
  std::string_view scheme, place, path;
};

Parts Split(std::string_view uri) {
  const size_t colon = uri.find("://");
  const std::string_view rest = uri.substr(colon + 3);
  const size_t slash = std::min(rest.find('/'), rest.size());
  return {uri.substr(0, colon), rest.substr(0, slash), rest.substr(std::min(slash + 1, rest.size()))};
}

Status CheckParts(const Parts& parts) {
  if (FindScheme(parts.scheme) == nullptr) {
    std::vector<std::string> known = {"file"};
    for (const Scheme& scheme : kSchemes) known.emplace_back(scheme.name);
    return InvalidArgument("There is no storage of the scheme '{}'{} (known are {})", parts.scheme,
                           DidYouMean(parts.scheme, known), fmt::join(known, ", "));
  }
  const size_t at = parts.place.rfind('@');
  if (at != parts.place.npos && parts.place.substr(0, at).find(':') != parts.place.npos)
    return InvalidArgument(
        "A {}:// path holds a password, which the pipeline, its metadata and logs would keep: leave it out "
        "and "
        "set {}",
        parts.scheme, FindScheme(parts.scheme)->settings);
  if (parts.place.empty() && parts.scheme != "hdfs")
    return InvalidArgument("A path names no {}: it has to be {}://{}/PATH", FindScheme(parts.scheme)->place,
                           parts.scheme, FindScheme(parts.scheme)->place);
  return OkStatus();
}

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

bool IsRemote(std::string_view path) { return path.find("://") != path.npos && !path.starts_with("file://"); }

Result<RemoteLocation> LocateRemote(const std::string& uri) {
  const Parts parts = Split(uri);
  PENSTOCK_RETURN_IF_ERROR(CheckParts(parts));
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
  const Parts parts = Split(path);
  const Scheme* scheme = FindScheme(parts.scheme);
  if (scheme == nullptr) return about;
  const std::string said(about.message().data(), about.message().size());
  // A store that was not reached or that refused: the user's to mend.
  return InvalidArgument("{} (is the {} '{}' right? Set {})", said, scheme->place, parts.place,
                         scheme->settings);
}

}  // namespace penstock::fs
