#pragma once

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data {

/// The format of one file: by its name (.csv, .tsv, .parquet, .tfrecord, .tfrecords, and .gz or
/// .gzip of a name that holds "tfrecord"), else by its first bytes. Never kAuto. kInvalidArgument
/// when neither tells.
Result<DataFormat> DetectFormat(const FileSource& source);

std::string_view FormatName(DataFormat format);

}  // namespace penstock::data
