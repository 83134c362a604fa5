// fuzz-libraries: penstock_validation penstock_combine
// Reads any text as a custom validation's expression, evaluated over statistics that have a bit of
// everything, and as a slicing query.
#include <cstddef>
#include <cstdint>
#include <string>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/base/sql_expression.h"
#include "penstock/combine/row_filter.h"
#include "penstock/validation/sql_evaluation_internal.h"

namespace {

const google::protobuf::Message& Statistics() {
  static const auto* const kFeature = [] {
    auto* feature = new tensorflow::metadata::v0::FeatureNameStatistics;
    (void)penstock::ParseTextProto(
        "path { step: 'a' } type: INT num_stats { max: 3.5 num_zeros: 2 common_stats { num_missing: 1 } "
        "histograms { type: STANDARD buckets { low_value: 1 high_value: 2 sample_count: 3 } buckets { } } } "
        "custom_stats { name: 'c' str: 'text' }",
        "statistics", *feature);
    return feature;
  }();
  return *kFeature;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)penstock::combine::ParseSliceQuery(text);
  (void)penstock::combine::RowFilter::Parse(text);
  const auto expression = penstock::sql::ParseExpression(text);
  if (!expression.ok()) return 0;
  (void)penstock::validation::EvaluateSql(**expression, {{"feature", &Statistics()}});
  return 0;
}
