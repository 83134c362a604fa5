#pragma once

#include <memory>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data::tfrecord {

/// TFRecord files of tf.Example or tf.SequenceExample, plain or gzip (by content, file by file). A shard is a
/// run of whole records of about 4 MiB of a plain file, or a whole gzip file. Every record is read here once,
/// in parallel, to infer the columns (feature_types.h has the rules); both checksums are checked.
Result<std::unique_ptr<Dataset>> OpenTfRecordDataset(std::vector<FileSource> files,
                                                     const DatasetOptions& options,
                                                     const ExecutionOptions& execution);

}  // namespace penstock::data::tfrecord
