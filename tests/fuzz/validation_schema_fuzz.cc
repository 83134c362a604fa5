// fuzz-libraries: penstock_validation
//
// A schema in text format, checked, then held against fixed statistics: no text may crash or hang either.

#include <cstddef>
#include <cstdint>
#include <string>

#include "penstock/base/logging.h"
#include "penstock/base/proto_io.h"
#include "penstock/validation/anomaly_report.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/schema_report.h"
#include "penstock/validation/statistics_validation.h"

namespace {

namespace tfmd = ::tensorflow::metadata::v0;

constexpr char kStatistics[] = R"(
  num_examples: 10
  features { name: 'i' type: INT num_stats { min: -3 max: 9 common_stats { num_non_missing: 9 num_missing: 1
    min_num_values: 1 max_num_values: 2 } } }
  features { name: 'x' type: FLOAT num_stats { min: -inf max: 1e300 histograms { num_nan: 1 buckets { low_value: 0
    high_value: 1 sample_count: 4 } } common_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 1 } } }
  features { name: 's' type: STRING string_stats { unique: 2 rank_histogram { buckets { label: '1' sample_count: 4 }
    buckets { label: 'b' sample_count: 6 } } common_stats { num_non_missing: 10 tot_num_values: 10 min_num_values: 1
    max_num_values: 1 } } }
  features { name: 'r' type: STRUCT struct_stats { common_stats { num_non_missing: 10 } } }
  features { name: 'r.y' type: BYTES bytes_stats { common_stats { num_non_missing: 10 } } }
  features { name: 'c' custom_stats { name: 'missing_value' num: 2 } }
)";

tfmd::DatasetFeatureStatistics FixedStatistics() {
  penstock::logging::Configure(penstock::logging::Level::kOff, false);
  tfmd::DatasetFeatureStatistics statistics;
  if (!penstock::ParseTextProto(kStatistics, "statistics", statistics).ok()) __builtin_trap();
  return statistics;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tfmd::DatasetFeatureStatistics statistics = FixedStatistics();
  tfmd::Schema schema;
  if (!penstock::ParseTextProto(std::string(reinterpret_cast<const char*>(data), size), "fuzz", schema).ok())
    return 0;
  (void)penstock::validation::CheckSchema(schema, "fuzz");
  (void)penstock::validation::FormatSchema(schema);
  penstock::validation::ValidateOptions options;
  options.previous_span = &statistics;
  options.serving = &statistics;
  if (schema.default_environment_size() > 0) options.environment = schema.default_environment(0);
  const auto anomalies = penstock::validation::ValidateStatistics(statistics, schema, options);
  if (!anomalies.ok()) __builtin_trap();
  (void)penstock::validation::FormatAnomalies(*anomalies);
  if (!penstock::validation::UpdateSchema(schema, statistics).ok()) __builtin_trap();
  return 0;
}
