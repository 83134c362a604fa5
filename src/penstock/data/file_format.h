#pragma once

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data {

/// The format of one file: by its name (.csv, .tsv, .jsonl, .ndjson, each also with .gz, .zst or .bz2;
/// .parquet, .arrow, .arrows, .feather, .avro, .tfrecord, .tfrecords, and .gz or .gzip of a name that holds
/// "tfrecord"), else by its first bytes, unpacked where they are packed. Never kAuto. kInvalidArgument when
/// neither tells.
Result<DataFormat> DetectFormat(const FileSource& source);

std::string_view FormatName(DataFormat format);

}  // namespace penstock::data
