#pragma once

#include <string_view>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/data/file_access.h"

namespace penstock::data {

enum class Packing { kNone, kGzip, kZstd, kBzip2 };

/// By the file's first bytes: a name does not change what is in it.
Result<Packing> PackingOf(const FileSource& source);

/// `path` without .gz, .gzip, .zst, .zstd or .bz2 at its end.
std::string_view WithoutPackingSuffix(std::string_view path);

/// Unpacks the files that are packed, in parallel, each to a temporary file without a name (in TMPDIR, else
/// /tmp), which goes with the last copy of its FileSource. So text can be cut into shards and read twice
/// (types, then values) for one unpacking, in bounded memory; the disk has to hold the text. Other files stay
/// as they are. Errors: kDataLoss for a damaged or cut file, kResourceExhausted where the temporary disk is
/// full, and for a file that unpacks to a thousand times its size.
Status UnpackFiles(std::vector<FileSource>& files, const ExecutionOptions& execution);

/// The file's first bytes, unpacked: at most `length`. For telling formats apart.
Result<std::string> UnpackedHead(const FileSource& source, Packing packing, int64_t length);

}  // namespace penstock::data
