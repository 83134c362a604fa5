#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <arrow/filesystem/type_fwd.h>
#include <arrow/status.h>

#include "penstock/base/status.h"
#include "penstock/base/storage_uri.h"

namespace penstock::fs {

/// Where a URI leads: a file system, and the path as that one wants it.
struct RemoteLocation {
  std::shared_ptr<arrow::fs::FileSystem> filesystem;
  std::string path;
  std::string inner_root;  ///< What every path there starts with: the bucket or container, or "".
  std::string shown_root;  ///< What stands for it in URIs: "s3://bucket".
};

/// Of SCHEME://PLACE/PATH. What follows PLACE is taken as it stands (no query, no percent signs), so names
/// may hold blanks and wildcards. File systems are made once for each place and kept until the program ends;
/// S3's library is loaded with the first of them. For the data tower and base's own .cc files. Safe from any
/// thread.
///
/// Credentials and endpoints come from the environment or from where the provider's own tools keep them,
/// never from the URI: kInvalidArgument for one that holds a password, and for a scheme nobody knows (with
/// the nearest one).
Result<RemoteLocation> LocateRemote(const std::string& uri);

/// `status` of a call about `path`, as "Cannot <action> <path>: ...", and for a remote path with its bucket
/// and what to set where the store could not be reached or let nobody in.
Status AboutPath(const arrow::Status& status, std::string_view action, const std::string& path);

}  // namespace penstock::fs
