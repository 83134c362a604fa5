#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/model/model.h"

namespace penstock::model {

/// How predictions of whole splits lie at rest.
enum class BulkFormat {
  kParquet,        ///< The examples' columns and the predictions' (with the names of classes).
  kTfRecordGzip,   ///< The same as tf.Examples.
  kPredictionLog,  ///< TensorFlow Serving's PredictionLog, gzipped.
};
/// "parquet", "tfrecord_gzip", "prediction_log"; kInvalidArgument names the nearest.
Result<BulkFormat> BulkFormatOf(std::string_view name);

struct BulkPrediction {
  int64_t num_rows = 0;
  int64_t num_shards = 0;
  int64_t num_resumed = 0;  ///< Shards that an earlier attempt had finished.
};

/// Predicts shard by shard, several at a time, each into a file of its own below `folder`
/// (predictions-00000-of-0000N.parquet or .tfrecord.gz; prediction_logs-00000-of-0000N.gz), which appears
/// under its name once it is whole. Started again after it was killed, with the same model, source and
/// format, it goes on with the shards that are not there yet; what another attempt left is removed first.
/// `source` stands for the examples: equal sources are taken to hold equal examples where their shards are as
/// long as before. Memory: a batch and a row group a thread. kInvalidArgument where the examples already have
/// a column that is called like the prediction.
Result<BulkPrediction> PredictShards(const Model& model, const data::Dataset& dataset,
                                     const std::string& source, const std::string& folder, BulkFormat format,
                                     const ExecutionOptions& execution);

}  // namespace penstock::model
