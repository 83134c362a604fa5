// fuzz-libraries: penstock_transform
// Parses any bytes as a features file; what parses is planned, analysed and applied to two rows.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <arrow/api.h>

#include "penstock/transform/analysis_report.h"
#include "penstock/transform/analyze_transform.h"

namespace {

penstock::data::Batch TwoRows() {
  arrow::DoubleBuilder x;
  arrow::Int64Builder i;
  arrow::StringBuilder s;
  arrow::BooleanBuilder p;
  auto words = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder l(arrow::default_memory_pool(), words);
  auto numbers = std::make_shared<arrow::DoubleBuilder>();
  arrow::ListBuilder v(arrow::default_memory_pool(), numbers);
  const bool is_built = x.Append(1.5).ok() && x.AppendNull().ok() && i.Append(7).ok() && i.Append(-1).ok() &&
                        s.Append("a").ok() && s.AppendNull().ok() && p.Append(true).ok() &&
                        p.AppendNull().ok() && l.Append().ok() && words->Append("b c").ok() &&
                        words->Append("").ok() && l.AppendNull().ok() && v.Append().ok() &&
                        numbers->Append(2).ok() && v.Append().ok() && numbers->Append(-3).ok();
  if (!is_built) __builtin_trap();
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("x", arrow::float64()), arrow::field("i", arrow::int64()),
                     arrow::field("s", arrow::utf8()), arrow::field("p", arrow::boolean()),
                     arrow::field("l", arrow::list(arrow::utf8())),
                     arrow::field("v", arrow::list(arrow::float64()))}),
      2, {*x.Finish(), *i.Finish(), *s.Finish(), *p.Finish(), *l.Finish(), *v.Finish()});
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
  // A transform that was made must survive being stored, and run on what it was made on, but for values
  // that a function of lists or text refuses.
  const auto features = graph->ApplyFeatures(batch);
  const bool is_fault = !features.ok() && features.status().code() != penstock::StatusCode::kInvalidArgument;
  if (is_fault || !transform::TransformGraph::Parse(graph->Serialize()).ok()) __builtin_trap();
  (void)transform::AnalysisReport(*graph);
  return 0;
}
