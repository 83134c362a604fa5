#pragma once

#include <string_view>

#include "penstock/base/status.h"

namespace penstock::fs {

/// A kind of storage by the scheme of its URIs.
struct StorageScheme {
  std::string_view name;
  std::string_view place;     ///< What the first part of its URIs is called: "bucket".
  std::string_view settings;  ///< What to set so that it can be reached, for people.
};

/// The parts of SCHEME://PLACE/PATH, as they stand: no query, no percent signs.
struct StorageUri {
  std::string_view scheme, place, path;
};

/// Whether a path names something by a URI that is not a local file.
bool IsRemote(std::string_view path);

/// Whether a URI is of a storage that files can be read from and written to: s3, gs, gcs, abfs, abfss, hdfs.
bool IsObjectStorage(std::string_view path);

/// Null for a scheme nobody knows.
const StorageScheme* FindStorageScheme(std::string_view name);

/// Takes a URI apart, which has to have a "://". Opens nothing.
StorageUri SplitStorageUri(std::string_view uri);

/// Whether the text is a URI with credentials: `scheme://user:PASSWORD@place`, `?secret_key=KEY`.
bool HoldsPassword(std::string_view uri);

/// kInvalidArgument for a scheme nobody knows (with the nearest one), for a URI without a place, and for one
/// that holds a password: URIs stand in pipelines, metadata and logs. Never repeats the password.
Status CheckStorageUri(std::string_view uri);

}  // namespace penstock::fs
