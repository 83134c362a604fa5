#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/data/dataset.h"

namespace penstock::model {

/// Writes transformed examples as TensorFlow's code wants them: gzipped TFRecords of tf.Examples that have
/// every feature, a missing number NaN and a missing integer -1, as the transform's SavedModel gives them
/// (saved_model_export.h). Examples without a label are left out. kInvalidArgument where there are none.
Status WriteDenseExamples(const data::Dataset& dataset, const std::string& path,
                          const ExecutionOptions& options);

}  // namespace penstock::model
