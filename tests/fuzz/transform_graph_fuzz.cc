// fuzz-libraries: penstock_transform
// Parses any bytes as a stored transform; what parses must run on any batch with its columns.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <arrow/api.h>

#include "penstock/transform/transform_graph.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace transform = penstock::transform;
  const auto graph = transform::TransformGraph::Parse({reinterpret_cast<const char*>(data), size});
  if (!graph.ok()) return 0;
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto* columns : {&graph->input_columns(), &graph->label_columns(), &graph->weight_columns()}) {
    for (const transform::InputColumn& column : *columns) {
      bool is_known = false;
      for (const auto& field : fields) is_known |= field->name() == column.name;
      if (is_known) continue;
      fields.push_back(arrow::field(column.name, arrow::null()));
      arrays.push_back(std::make_shared<arrow::NullArray>(3));
    }
  }
  const auto batch = arrow::RecordBatch::Make(arrow::schema(fields), 3, arrays);
  const auto features = graph->ApplyFeatures(batch);
  // Only what a function of lists refuses may fail: here, lists of unlike lengths.
  const bool is_fault = !features.ok() && features.status().code() != penstock::StatusCode::kInvalidArgument;
  if (is_fault) __builtin_trap();
  (void)graph->Summaries();
  (void)graph->Apply(batch);
  return 0;
}
