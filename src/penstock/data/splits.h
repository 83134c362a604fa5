#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"

namespace penstock::data {

/// A share of the examples: `hash_buckets` of the sum over all splits.
struct Split {
  std::string name;      ///< One path component: "train".
  int hash_buckets = 1;  ///< At least 1.
};

struct SplitSummary {
  std::map<std::string, int64_t> num_rows;  ///< By split name.
  int num_files = 0;                        ///< In each split's folder.
};

/// Writes every row of `dataset` to one of `splits`, under TFX's layout
/// `<output_uri>/Split-<name>/data_parquet-00000-of-0000N.parquet` (or `data_tfrecord-....gz`).
/// Split folders that already exist there are replaced.
///
/// Rows without any column, which only TFRecord can hold, are written as `data_tfrecord-....gz` whatever the
/// format.
///
/// A row's split is a function of its content (column names, types, values) and the list of
/// splits alone: not of its place, its file, the threads or the batches, nor of the file
/// format where types agree (row_hash.h has the formula). Rows keep the order of the dataset.
/// N depends on the size of the dataset's shards, so the bytes written depend on the data only.
///
/// Reading, hashing and encoding run on all threads; each holds a few batches and one row
/// group a split. A split that gets no rows is written as files without rows.
/// Errors: kInvalidArgument for a bad split (name, buckets, twice the same), what the reader says
/// of the data, what the writer says of the disk; then no split folder is left.
///
/// With a `partition_feature` the split is a function of that column's value instead (TFX's
/// partition_feature_name), so that all examples of one user, say, come into one split. It must be an integer
/// or bytes (one value or a list) and every example must have it.
Result<SplitSummary> WriteSplits(const Dataset& dataset, std::span<const Split> splits,
                                 const std::string& output_uri, PayloadFormat format,
                                 const ExecutionOptions& execution,
                                 const std::string& partition_feature = "");

/// The same of several datasets with equal columns, one after the other. No file holds rows of two of them,
/// and the files of one are the same bytes whatever comes before and after it: what is known of a span's
/// files stays known when the window moves.
Result<SplitSummary> WriteSplits(std::span<const Dataset* const> parts, std::span<const Split> splits,
                                 const std::string& output_uri, PayloadFormat format,
                                 const ExecutionOptions& execution,
                                 const std::string& partition_feature = "");

/// "<uri>/Split-<name>": a pattern that OpenDataset reads. No disk is touched.
std::string SplitDirectory(const std::string& uri, const std::string& name);

/// The names of the splits below `uri`, sorted. kNotFound where there is no such folder.
Result<std::vector<std::string>> ListSplits(const std::string& uri);

}  // namespace penstock::data
