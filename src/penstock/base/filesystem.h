#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"

namespace penstock::fs {

/// Files by path or URI: a plain local path, file://, or any scheme arrow::fs knows
/// (s3://, gs://, abfs://, hdfs://). Messages name the path and what the system said.
/// All calls are safe from any thread.

struct FileEntry {
  std::string path;  ///< As the listing's own folder was given: local stays a plain path.
  int64_t size = 0;  ///< Bytes; 0 for folders.
  bool is_directory = false;
};

/// The whole file. kNotFound names the nearest existing sibling.
Result<std::string> ReadFile(const std::string& path);
/// Writes under a temporary name in the same folder, syncs, renames: a reader (or a
/// crash) sees the old file or the new one. Creates missing folders.
Status WriteFileAtomically(const std::string& path, std::string_view content);

Result<bool> Exists(const std::string& path);
Result<bool> IsDirectory(const std::string& path);
Result<FileEntry> Stat(const std::string& path);
/// Everything directly in `directory` (or below it), sorted by path.
Result<std::vector<FileEntry>> List(const std::string& directory, bool recursive = false);
/// The files that `pattern` names: itself, all data files of a folder (recursive, without
/// those whose name starts with '.' or '_'), or what its * ? [..] match. Sorted. kNotFound when none.
Result<std::vector<std::string>> Glob(const std::string& pattern);

Status CreateDirectories(const std::string& path);
/// Local: atomic. The target's folder must exist.
Status Rename(const std::string& from, const std::string& to);
/// Removes a file or a whole tree; a missing one is OK.
Status RemoveAll(const std::string& path);
Status CopyTree(const std::string& from, const std::string& to);
/// Syncs every file and folder below a local path, so that a rename after it is durable.
Status SyncTree(const std::string& path);

/// Of the names and bytes of all files below `path` (or of the one file): equal trees,
/// equal digests, wherever they lie.
Result<Digest> DigestOfTree(const std::string& path);

/// "a/b" of ("a", "b"); one slash between.
std::string Join(std::string_view directory, std::string_view name);
std::string BaseName(std::string_view path);
std::string DirName(std::string_view path);
/// A local path made absolute and lexically normal; URIs stay as they are.
std::string Absolute(const std::string& path);
/// kInvalidArgument unless `name` can be one path component: not empty, no '/', no NUL,
/// not "." or "..", at most 200 bytes. `what` names it in the message.
Status CheckPathComponent(std::string_view name, std::string_view what);

}  // namespace penstock::fs
