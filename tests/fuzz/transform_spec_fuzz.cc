// fuzz-libraries: penstock_transform
// Parses any bytes as a features file; what parses is planned, analysed and applied to two rows.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <arrow/api.h>

#include "penstock/transform/analyze_transform.h"

namespace {

penstock::data::Batch TwoRows() {
  arrow::DoubleBuilder x;
  arrow::Int64Builder i;
  arrow::StringBuilder s;
  arrow::BooleanBuilder p;
  const bool is_built = x.Append(1.5).ok() && x.AppendNull().ok() && i.Append(7).ok() && i.Append(-1).ok() &&
                        s.Append("a").ok() && s.AppendNull().ok() && p.Append(true).ok() &&
                        p.AppendNull().ok();
  if (!is_built) __builtin_trap();
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("x", arrow::float64()), arrow::field("i", arrow::int64()),
                     arrow::field("s", arrow::utf8()), arrow::field("p", arrow::boolean())}),
      2, {*x.Finish(), *i.Finish(), *s.Finish(), *p.Finish()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace transform = penstock::transform;
  const auto spec = transform::ParseTransformSpec({reinterpret_cast<const char*>(data), size}, "f.yaml");
  if (!spec.ok()) return 0;
  static const penstock::data::Batch batch = TwoRows();
  const auto dataset = penstock::data::MakeInMemoryDataset(batch->schema(), {batch});
  const auto graph =
      transform::AnalyzeTransform(*spec, *dataset, penstock::ExecutionOptions{.num_threads = 1});
  if (!graph.ok()) return 0;
  // A transform that was made must run on what it was made on, and survive being stored; only
  // a label or weight may refuse its values.
  if (!graph->ApplyFeatures(batch).ok() || !transform::TransformGraph::Parse(graph->Serialize()).ok())
    __builtin_trap();
  return 0;
}
