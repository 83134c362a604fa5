// The whole model for one example at a time: transform and trees of the taxi example's size.
#include <random>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <benchmark/benchmark.h>

#include "penstock/model/row_predictor.h"
#include "penstock/transform/analyze_transform.h"

namespace penstock::model {
namespace {

using transform::RowValue;

constexpr int kNumNumbers = 14;  // As many as examples/taxi/features.yaml has, and its two texts.

class OneBatch final : public data::Dataset, public data::BatchReader {
 public:
  explicit OneBatch(Batch batch) : schema_(batch->schema()), batch_(std::move(batch)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return 1; }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t) const override {
    return std::make_unique<OneBatch>(*batch_);
  }
  Result<std::optional<Batch>> Next() override { return std::exchange(batch_, std::nullopt); }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::optional<Batch> batch_;
};

Batch Examples(int64_t num_rows) {
  std::mt19937 random(1);
  std::normal_distribution<double> number;
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (int i = 0; i < kNumNumbers; ++i) {
    arrow::DoubleBuilder builder;
    for (int64_t row = 0; row < num_rows; ++row) static_cast<void>(builder.Append(number(random)));
    fields.push_back(arrow::field(fmt::format("n{:02}", i), arrow::float64()));
    arrays.push_back(*builder.Finish());
  }
  for (const char* name : {"t0", "t1"}) {
    arrow::StringBuilder builder;
    for (int64_t row = 0; row < num_rows; ++row)
      static_cast<void>(builder.Append(fmt::format("Taxi Affiliation {}", random() % 100)));
    fields.push_back(arrow::field(name, arrow::utf8()));
    arrays.push_back(*builder.Finish());
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), num_rows, arrays);
}

std::shared_ptr<const ForestModel> TaxiSizedModel(const Batch& examples, int64_t num_trees) {
  std::string yaml = "label: n00 > 0\nfeatures:\n  ratio: n00 / (n01 + 1)\n";
  for (int i = 0; i < kNumNumbers; ++i) yaml += fmt::format("  n{:02}: n{:02}\n", i, i);
  yaml += "  t0: one_hot(compute_and_apply_vocabulary(t0), 8)\n";
  yaml += "  t1: compute_and_apply_vocabulary(t1, top_k=100, num_oov_buckets=1)\n";
  auto graph = std::make_shared<const transform::TransformGraph>(*transform::AnalyzeTransform(
      *transform::ParseTransformSpec(yaml, "taxi.yaml"), OneBatch(examples), {}));
  const auto num_columns = static_cast<int32_t>(transform::DenseWidth(graph->output_schema()));
  std::mt19937 random(2);
  std::normal_distribution<float> number;
  constexpr int32_t kNumInner = 31;  // Five levels.
  std::vector<Tree> trees(static_cast<size_t>(num_trees), Tree(2 * kNumInner + 1));
  for (Tree& tree : trees) {
    for (int32_t i = 0; i < static_cast<int32_t>(tree.size()); ++i) {
      tree[i].value = number(random);
      if (i >= kNumInner) continue;
      tree[i].left = 2 * i + 1;
      tree[i].right = 2 * i + 2;
      tree[i].column = static_cast<int32_t>(random() % static_cast<uint32_t>(num_columns));
    }
  }
  return *ForestModel::Make(std::move(graph), *TreeEnsemble::Make(trees, 0, num_columns));
}

void BM_PredictRow(benchmark::State& state) {
  constexpr int64_t kNumRows = 1000;
  const Batch examples = Examples(kNumRows);
  const auto model = TaxiSizedModel(examples, state.range(0));
  RowPredictor predictor = *RowPredictor::Make(model);
  std::vector<std::vector<RowValue>> rows(kNumRows);
  for (const transform::InputColumn& input : predictor.inputs()) {
    const auto column = examples->GetColumnByName(input.name);
    for (int64_t i = 0; i < kNumRows; ++i)
      rows[static_cast<size_t>(i)].push_back(
          input.type == transform::ValueType::kText
              ? RowValue::Text(static_cast<const arrow::StringArray&>(*column).GetView(i))
              : RowValue::Number(static_cast<const arrow::DoubleArray&>(*column).Value(i)));
  }
  size_t row = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(predictor.Predict(rows[row]).data());
    row = row + 1 == rows.size() ? 0 : row + 1;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PredictRow)->Arg(0)->Arg(50)->Arg(100)->Arg(200);

void BM_PredictBatch(benchmark::State& state) {
  const Batch examples = Examples(state.range(0));
  const auto model = TaxiSizedModel(examples, 100);
  for (auto _ : state) benchmark::DoNotOptimize(model->Predict(examples)->get());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_PredictBatch)->Arg(1)->Arg(128)->Arg(65536);

}  // namespace
}  // namespace penstock::model
