#include "penstock/model/row_predictor.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>

#include "penstock/model/feature_matrix.h"
#include "penstock/model/prediction_values.h"
#include "penstock/transform/analyze_transform.h"

namespace {

thread_local int64_t num_allocations = 0;

}  // namespace

// Counts what this thread allocates: the only way to see that a call allocates nothing.
void* operator new(size_t size) {
  ++num_allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace penstock::model {
namespace {

using transform::RowValue;

constexpr char kFeatures[] = R"(
label: y > 0
features:
  number: a
  sum: a + b * 2 - 1
  quotient: a / b
  power: pow(abs(a), 2)
  rest: (a * 10) % 3
  least: min(a, b)
  largest: max(a, 0.5)
  logarithm: log1p(abs(a))
  root: sqrt(abs(b))
  grown: exp(b)
  rounded: round(a * 3)
  floored: floor(a * 3)
  raised: ceil(b)
  whole: count * 3 - 7
  whole_rest: count % 4
  chosen: if(a > b and kind == "x", a, -b)
  either: a > 0 or b > 0
  neither: not (a > 0)
  different: kind != "y"
  absent: is_missing(a)
  nan: is_nan(b)
  filled: impute(a, b)
  mean_filled: impute(a, mean)
  median_filled: impute(b, median)
  standard: scale_to_z_score(a)
  unit: scale_to_0_1(b)
  bucket: bucketize(a, 7)
  hot: one_hot(bucketize(b, 4), 4)
  token: compute_and_apply_vocabulary(kind, top_k=2)
  token_oov: compute_and_apply_vocabulary(kind, top_k=1, num_oov_buckets=3)
  token_hot: one_hot(compute_and_apply_vocabulary(kind), 3)
  number_token: compute_and_apply_vocabulary(count, top_k=3, num_oov_buckets=2)
  hashed: hash_strings(kind, hash_buckets=50)
  crossed: hash_strings(cross(kind, count), hash_buckets=50)
)";

class InMemory final : public data::Dataset, public data::BatchReader {
 public:
  explicit InMemory(Batch batch) : schema_(batch->schema()), batch_(std::move(batch)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return 1; }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t) const override {
    return std::make_unique<InMemory>(*batch_);
  }
  Result<std::optional<Batch>> Next() override { return std::exchange(batch_, std::nullopt); }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::optional<Batch> batch_;
};

/// Rows with everything that is strange: missing, NaN, infinite, huge, empty, never seen.
struct StrangeRows {
  explicit StrangeRows(uint32_t seed, int num_rows) {
    std::mt19937 random(seed);
    std::normal_distribution<double> number;
    const char* kinds[] = {"x", "y", "\xc3\xbc", "", "never seen", "x"};
    const double specials[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e39, 0, -0.0};
    for (int i = 0; i < num_rows; ++i) {
      const auto draw = [&] {
        if (random() % 9 == 0) return RowValue::Missing();
        return RowValue::Number(random() % 11 == 0 ? specials[random() % 6] : number(random));
      };
      a.push_back(draw());
      b.push_back(draw());
      count.push_back(random() % 9 == 0 ? RowValue::Missing()
                                        : RowValue::Integer(static_cast<int64_t>(random() % 9) - 4));
      kind.push_back(random() % 9 == 0 ? RowValue::Missing() : RowValue::Text(kinds[random() % 6]));
    }
  }

  Batch AsBatch(bool has_label) const {
    arrow::DoubleBuilder numbers[2], labels;
    arrow::Int64Builder counts;
    arrow::StringBuilder kinds;
    for (size_t i = 0; i < a.size(); ++i) {
      const RowValue* both[] = {&a[i], &b[i]};
      for (int j = 0; j < 2; ++j)
        EXPECT_TRUE(
            (both[j]->is_present ? numbers[j].Append(both[j]->number) : numbers[j].AppendNull()).ok());
      EXPECT_TRUE((count[i].is_present ? counts.Append(count[i].integer) : counts.AppendNull()).ok());
      EXPECT_TRUE((kind[i].is_present ? kinds.Append(kind[i].text) : kinds.AppendNull()).ok());
      EXPECT_TRUE(labels.Append(static_cast<double>(i % 2)).ok());
    }
    arrow::FieldVector fields = {arrow::field("a", arrow::float64()), arrow::field("b", arrow::float64()),
                                 arrow::field("count", arrow::int64()), arrow::field("kind", arrow::utf8())};
    arrow::ArrayVector arrays = {*numbers[0].Finish(), *numbers[1].Finish(), *counts.Finish(),
                                 *kinds.Finish()};
    if (has_label) {
      fields.push_back(arrow::field("y", arrow::float64()));
      arrays.push_back(*labels.Finish());
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), static_cast<int64_t>(a.size()), arrays);
  }
  /// In the order of the inputs' names.
  std::vector<RowValue> Row(size_t i) const { return {a[i], b[i], count[i], kind[i]}; }

  std::vector<RowValue> a, b, count, kind;
};

std::shared_ptr<const transform::TransformGraph> GraphOf(const std::string& yaml) {
  const auto spec = transform::ParseTransformSpec(yaml, "features.yaml");
  EXPECT_TRUE(spec.ok()) << spec.status();
  const InMemory examples(StrangeRows(1, 500).AsBatch(true));
  auto graph = transform::AnalyzeTransform(*spec, examples, {});
  EXPECT_TRUE(graph.ok()) << graph.status();
  return std::make_shared<const transform::TransformGraph>(*std::move(graph));
}

/// Trees that look at every column.
std::shared_ptr<const ForestModel> ForestOf(std::shared_ptr<const transform::TransformGraph> graph) {
  const int32_t num_columns = static_cast<int32_t>(transform::DenseWidth(graph->output_schema()));
  std::mt19937 random(3);
  std::normal_distribution<float> number;
  std::vector<Tree> trees;
  for (int32_t i = 0; i < 2 * num_columns; ++i) {
    Tree tree(5);
    tree[0] = {1, 2, i % num_columns, i % 2 == 0, number(random)};
    tree[1] = {3, 4, static_cast<int32_t>(random()) % num_columns, i % 3 == 0, 0.5f};
    if (tree[1].column < 0) tree[1].column = 0;
    for (int j = 2; j < 5; ++j) tree[static_cast<size_t>(j)].value = number(random);
    trees.push_back(tree);
  }
  auto model = ForestModel::Make(std::move(graph), *TreeEnsemble::Make(trees, 0.25f, num_columns));
  EXPECT_TRUE(model.ok()) << model.status();
  return *model;
}

TEST(RowEvaluatorTest, GivesTheBitsThatBatchesGive) {
  const auto graph = GraphOf(kFeatures);
  auto evaluator = transform::RowEvaluator::Make(*graph);
  ASSERT_TRUE(evaluator.ok()) << evaluator.status();
  ASSERT_EQ(evaluator->inputs().size(), 4u);
  EXPECT_EQ(evaluator->inputs()[2].name, "count");
  const FeatureMatrix matrix = *FeatureMatrix::ForFeatures(graph->output_schema());
  const StrangeRows rows(2, 3000);
  const Batch features = *graph->ApplyFeatures(rows.AsBatch(false));
  std::vector<float> want(static_cast<size_t>(3000 * matrix.num_columns()));
  ASSERT_TRUE(matrix.Fill(features, want).ok());
  ASSERT_EQ(evaluator->num_columns(), matrix.num_columns());
  std::vector<std::string> names;
  for (const auto& feature : graph->output_schema())
    for (const std::string& name : feature.DenseNames()) names.push_back(name);
  std::vector<float> have(static_cast<size_t>(matrix.num_columns()));
  for (size_t i = 0; i < 3000; ++i) {
    evaluator->Evaluate(rows.Row(i), have);
    for (size_t j = 0; j < have.size(); ++j) {
      const float expected = want[i * have.size() + j];
      const bool is_equal = std::bit_cast<uint32_t>(expected) == std::bit_cast<uint32_t>(have[j]) ||
                            (std::isnan(expected) && std::isnan(have[j]));
      ASSERT_TRUE(is_equal) << "row " << i << ", " << names[j] << ": " << have[j] << " for " << expected;
    }
  }
}

TEST(RowEvaluatorTest, NamesWhatGoesByBatchesOnly) {
  const auto refusal =
      transform::RowEvaluator::Make(*GraphOf("label: y > 0\nfeatures:\n  l: length(kind)\n"));
  EXPECT_EQ(refusal.status().code(), StatusCode::kUnimplemented) << refusal.status();
}

TEST(RowEvaluatorTest, LeavesToBatchesWhatFailsAtADivisionByZero) {
  // A batch with a 0 in `count` fails; the evaluator, which cannot, must not answer in its place.
  for (const std::string divisor : {"count", "0", "7"}) {
    const auto evaluator =
        transform::RowEvaluator::Make(*GraphOf("compat: tft\nfeatures:\n  m: count % " + divisor + "\n"));
    EXPECT_EQ(evaluator.ok(), divisor == "7") << divisor;
  }
}

TEST(RowPredictorTest, PredictsWhatTheModelPredictsAndAllocatesNothing) {
  const auto model = ForestOf(GraphOf(kFeatures));
  auto predictor = RowPredictor::Make(model);
  ASSERT_TRUE(predictor.ok()) << predictor.status();
  const StrangeRows rows(4, 1000);
  const Batch predictions = *model->Predict(rows.AsBatch(false));
  const std::span<const double> want = PredictionValues(predictions, "probability")->values;
  std::vector<std::vector<RowValue>> values;
  for (size_t i = 0; i < 1000; ++i) values.push_back(rows.Row(i));
  for (size_t i = 0; i < 1000; ++i) ASSERT_EQ(predictor->Predict(values[i])[0], want[i]) << "row " << i;
  const int64_t before = num_allocations;
  double sum = 0;
  for (size_t i = 0; i < 1000; ++i) sum += predictor->Predict(values[i])[0];
  EXPECT_EQ(num_allocations, before);
  EXPECT_GT(sum, 0);
}

}  // namespace
}  // namespace penstock::model
