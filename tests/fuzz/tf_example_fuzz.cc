// fuzz-libraries: penstock_data
// Any bytes as a tf.Example or tf.SequenceExample: what the profiler accepts the decoder reads, and written
// again it reads the same.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include <arrow/util/utf8.h>

#include "penstock/data/tfrecord/example_decoder.h"
#include "penstock/data/tfrecord/example_encoder.h"

namespace {

using namespace penstock::data;

Batch Decode(std::string_view record, const tfrecord::ExampleColumns& columns) {
  tfrecord::ExampleDecoder decoder(columns, tfrecord::BatchSchema(columns));
  if (!decoder.Append(record).ok()) std::abort();
  const auto batch = decoder.Finish();
  if (!batch.ok() || !(*batch)->ValidateFull().ok()) std::abort();
  return *batch;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  arrow::util::InitializeUTF8();
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  tfrecord::FeatureProfiler profiler;
  if (profiler.Add(record, {0, 1}) != nullptr) return 0;
  const auto profiles = profiler.Finish();
  const auto features = tfrecord::DecideFeatureTypes(profiles.features, {}, {"fuzz"});
  const auto sequences = tfrecord::DecideFeatureTypes(profiles.sequences, {}, {"fuzz"});
  // A name that is there twice may have values of two shapes; the last one alone is read.
  if (!features.ok() || !sequences.ok()) return 0;
  tfrecord::ExampleColumns columns{*features, std::nullopt, *sequences};
  for (auto& type : columns.features) {
    type.is_list = true;
    if (type.name == tfrecord::kSequenceColumn) return 0;
  }
  for (auto& type : columns.sequences) type.is_list = true;
  if (profiles.has_feature_lists) columns.sequence_place = columns.features.size();
  const Batch batch = Decode(record, columns);
  const auto encoder = tfrecord::ExampleEncoder::Make(*batch->schema());
  std::string again;
  if (!encoder.ok() || !encoder->Encode(*batch, 0, again).ok()) std::abort();
  const arrow::EqualOptions nans_equal = arrow::EqualOptions::Defaults().nans_equal(true);
  if (!Decode(again, columns)->Equals(*batch, false, nans_equal)) std::abort();
  return 0;
}
