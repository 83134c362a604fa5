// Exported TFLite files under the real LiteRT: the predictions are ours. Skipped without
// tools/setup_tensorflow.sh.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "conformance/learner_suite.h"
#include "parity/foreign_runtime.h"
#include "penstock/base/ids.h"
#include "penstock/model/lowering/model_lowering.h"
#include "penstock/model/representative_data.h"
#include "penstock/model/tflite/half_float.h"
#include "penstock/model/tflite/tflite_builder.h"
#include "penstock/model/tflite/tflite_export.h"

namespace penstock::learning {
namespace {

using model::TfliteQuantization;
using testing::HasSubstr;

/// The suite's cases without text and without crosses, which TFLite has not.
LearnerCase Numeric(LearnerCase learner) {
  if (learner.learner == "lstm")
    learner.features = "\n  a: one_hot(bucketize(a, 6), 6)\n  b: one_hot(bucketize(b, 6), 6)";
  else if (learner.has_label)
    learner.features = "\n  a: a\n  b: b\n  bucket: bucketize(a, 5)";
  learner.hyperparameters.erase("crosses");
  learner.hyperparameters.erase("cross_buckets");
  return learner;
}

/// Everything that TFLite has operators for, one feature each.
constexpr char kEveryFunction[] = R"(
  plain: a
  sum: a + b * 2 - 1
  quotient: a / (abs(b) + 1)
  power: pow(abs(b), 2)
  least: min(a, b)
  largest: max(a, 0.5)
  logarithm: log1p(abs(a))
  root: sqrt(abs(b))
  grown: exp(b)
  rounded: round(b * 3)
  floored: floor(b * 3)
  raised: ceil(b)
  chosen: if(a > b and b < 1, a, -b)
  either: a > 0 or b > 0
  neither: not (a > 0)
  absent: is_missing(a)
  filled: impute(a, b)
  mean_filled: impute(a, mean)
  standard: scale_to_z_score(a)
  unit: scale_to_0_1(b)
  bucket: bucketize(a, 7)
  hot: one_hot(bucketize(b, 4), 4)
  wave: sin(b) + cos(b) + tanh(b) + sigmoid(b))";

/// To our predictions; relative for what is larger than 1.
struct Difference {
  double largest = 0, mean = 0;
};

/// Models to ask LiteRT about, all in one process.
class Questions {
 public:
  Questions() : folder_(testing::TempDir() + "tflite_parity_" + NewUuid()) {}
  ~Questions() { std::filesystem::remove_all(folder_); }

  void Add(const std::string& name, const std::shared_ptr<const model::Model>& model,
           TfliteQuantization quantization = TfliteQuantization::kNone,
           const model::ActivationRanges* activations = nullptr) {
    const auto exported = model::ExportTflite(*model, quantization, activations);
    ASSERT_TRUE(exported.ok()) << name << ": " << exported.status();
    std::filesystem::create_directories(folder_ + "/" + name);
    std::ofstream(folder_ + "/" + name + "/model.tflite", std::ios::binary) << *exported;
    auto rows = tests::AsJson(tests::StrangeRows());
    rows.erase("kind");
    std::ofstream(folder_ + "/" + name + "/rows.json") << rows.dump();
    models_[name] = model;
    sizes_[name] = exported->size();
  }

  std::map<std::string, Difference> Differences() const {
    const nlohmann::json answers = tests::RunClient("tensorflow", "litert_runtime.py", folder_);
    std::map<std::string, Difference> differences;
    for (const auto& [name, model] : models_) {
      const auto predictions = model->Predict(tests::StrangeRows());
      EXPECT_TRUE(predictions.ok()) << predictions.status();
      const auto& ours = static_cast<const arrow::DoubleArray&>(*(*predictions)->column(0));
      const nlohmann::json& theirs = answers.at(name).at(model->signature().prediction_column);
      EXPECT_EQ(theirs.size(), 1000u);
      for (int64_t i = 0; i < 1000; ++i) {
        const double difference = std::abs(theirs[static_cast<size_t>(i)].get<double>() - ours.Value(i)) /
                                  std::max(1.0, std::abs(ours.Value(i)));
        Difference& seen = differences[name];
        if (difference > seen.largest || std::isnan(difference)) seen.largest = difference;
        seen.mean += difference / 1000;
      }
    }
    return differences;
  }
  size_t size_of(const std::string& name) const { return sizes_.at(name); }

 private:
  const std::string folder_;
  std::map<std::string, std::shared_ptr<const model::Model>> models_;
  std::map<std::string, size_t> sizes_;
};

class TfliteTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::HasClient("tensorflow")) GTEST_SKIP() << "No LiteRT: run tools/setup_tensorflow.sh";
  }
};

TEST_F(TfliteTest, EveryLearnerAndFunctionPredictsTheSame) {
  Questions questions;
  for (const LearnerCase& learner : LearnerCases()) {
    const LearnerCase numeric = Numeric(learner);
    questions.Add(learner.learner, LearnerRun(numeric).Ok().model);
    if (!learner.has_label) continue;
    LearnerRun regression(numeric);
    regression.label = "label: y\ntask: regression\n";
    questions.Add(learner.learner + "_regressor", regression.Ok().model);
  }
  LearnerCase all = LearnerCases()[1];
  all.features = kEveryFunction;
  questions.Add("every_function", LearnerRun(all).Ok().model);
  for (const auto& [name, difference] : questions.Differences()) EXPECT_LE(difference.largest, 1e-5) << name;
}

TEST_F(TfliteTest, QuantizedWeightsStayWithinTheirBounds) {
  LearnerCase wide = Numeric(LearnerCases()[2]);
  wide.hyperparameters["hidden_units"] = "64,32";
  const auto network = LearnerRun(wide).Ok().model;
  Questions questions;
  questions.Add("float", network);
  questions.Add("float16", network, TfliteQuantization::kFloat16);
  questions.Add("int8", network, TfliteQuantization::kInt8);
  const auto differences = questions.Differences();
  EXPECT_LE(differences.at("float").largest, 1e-5);
  EXPECT_LE(differences.at("float16").largest, 5e-3);
  EXPECT_LE(differences.at("int8").largest, 5e-2);
  EXPECT_LT(questions.size_of("float16"), questions.size_of("float"));
  EXPECT_LT(questions.size_of("int8"), questions.size_of("float16"));
}

/// The rows that LiteRT is asked about are the representative ones: none of them is cut off.
model::ActivationRanges SeenInStrangeRows(const model::Model& model) {
  const auto seen = model::ObserveActivations(model, TestShards({tests::StrangeRows()}), {});
  EXPECT_TRUE(seen.ok()) << seen.status();
  return seen.ok() ? *seen : model::ActivationRanges{};
}

TEST_F(TfliteTest, QuantizedActivationsStayWithinTheirBounds) {
  Questions questions;
  const auto add = [&](const std::string& name, const LearnerRun& run) {
    const auto model = run.Ok().model;
    const auto seen = SeenInStrangeRows(*model);
    questions.Add(name, model, TfliteQuantization::kInt8, &seen);
    questions.Add(name + "_float", model);
  };
  LearnerCase dense = Numeric(LearnerCases()[2]), wide = Numeric(LearnerCases()[3]);
  add("linear", LearnerRun(Numeric(LearnerCases()[1])));
  dense.hyperparameters["hidden_units"] = "64,32";
  add("dense", LearnerRun(dense));
  LearnerRun regression(dense);
  regression.label = "label: y\ntask: regression\n";
  add("dense_regressor", regression);
  dense.hyperparameters["activation"] = "tanh";
  add("dense_tanh", LearnerRun(dense));
  add("wide_and_deep", LearnerRun(wide));
  add("lstm", LearnerRun(Numeric(LearnerCases()[4])));
  LearnerRun ordinary(dense);
  const auto model = ordinary.Ok().model;
  const auto seen = model::ObserveActivations(*model, TestShards({RawBatch(ordinary.train)}), {});
  ASSERT_TRUE(seen.ok()) << seen.status();
  questions.Add("beyond", model, TfliteQuantization::kInt8, &*seen);
  const auto differences = questions.Differences();
  // A fiftieth of the rows lies ten standard deviations off: a step of the inputs is 0.08 of one.
  const std::map<std::string, Difference> bounds = {
      {"linear", {0.06, 0.008}},    {"dense", {0.15, 0.015}},
      {"dense_tanh", {0.2, 0.012}}, {"wide_and_deep", {0.12, 0.015}},
      {"lstm", {0.02, 0.003}},      {"dense_regressor", {0.6, 0.08}},
      {"beyond", {1, 0.1}},
  };
  for (const auto& [name, bound] : bounds) {
    EXPECT_LE(differences.at(name).largest, bound.largest) << name;
    EXPECT_LE(differences.at(name).mean, bound.mean) << name;
  }
  EXPECT_LT(questions.size_of("dense"), questions.size_of("dense_float"));
}

TEST(TfliteExportTest, DenseLayersTakeIntegersWhereTheirRangesAreKnown) {
  const auto model = LearnerRun(Numeric(LearnerCases()[3])).Ok().model;
  const auto seen = SeenInStrangeRows(*model);
  EXPECT_EQ(seen.num_rows, 1000);
  model::tflite::FileGraph graph;
  model::tflite::Builder builder(TfliteQuantization::kInt8, graph);
  ASSERT_TRUE(model::LowerModel(*model, builder, &seen).ok());
  int num_dense = 0;
  for (const auto& step : graph.operators) {
    if (step.code != model::tflite::OperatorCode::kFullyConnected) continue;
    ++num_dense;
    const auto type_of = [&](int32_t index) { return graph.tensors[static_cast<size_t>(index)].type; };
    EXPECT_EQ(type_of(step.inputs[0]), model::tflite::TensorType::kInt8);
    EXPECT_EQ(type_of(step.inputs[1]), model::tflite::TensorType::kInt8);
    EXPECT_EQ(type_of(step.inputs[2]), model::tflite::TensorType::kInt32);
    EXPECT_EQ(type_of(step.outputs[0]), model::tflite::TensorType::kInt8);
  }
  EXPECT_EQ(num_dense, 3);  // The wide part, a hidden layer, the output.
}

TEST(TfliteExportTest, RangesDoNotDependOnHowTheExamplesAreSplit) {
  const auto model = LearnerRun(Numeric(LearnerCases()[3])).Ok().model;
  const data::Batch rows = tests::StrangeRows();
  const auto whole = SeenInStrangeRows(*model);
  const auto parts = model::ObserveActivations(
      *model, TestShards({rows->Slice(700), rows->Slice(0, 333), rows->Slice(333, 367)}), {.num_threads = 2});
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(parts->num_rows, whole.num_rows);
  EXPECT_EQ(parts->layers, whole.layers);
  EXPECT_EQ(parts->deep, whole.deep);
  EXPECT_EQ(parts->wide, whole.wide);
}

TEST(TfliteExportTest, RepresentativeDataThatSaysNothingIsRefused) {
  const auto refusal = [](const model::Model& model, const data::Batch& rows) {
    const Status status = model::ObserveActivations(model, TestShards({rows}), {}).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  const data::Batch rows = tests::StrangeRows();
  const auto network = LearnerRun(Numeric(LearnerCases()[2])).Ok().model;
  EXPECT_THAT(refusal(*network, rows->Slice(0, 0)), HasSubstr("no examples"));
  const auto without = rows->RemoveColumn(rows->schema()->GetFieldIndex("b")).ValueOrDie();
  EXPECT_THAT(refusal(*network, without), HasSubstr("'b'"));
  EXPECT_THAT(refusal(*LearnerRun(Numeric(LearnerCases()[0])).Ok().model, rows), HasSubstr("no network"));
  LearnerCase tables = LearnerCases()[1];
  tables.features = "\n  kind: compute_and_apply_vocabulary(kind)";
  EXPECT_THAT(refusal(*LearnerRun(tables).Ok().model, rows), HasSubstr("only looks up tables"));
  const model::ActivationRanges seen;
  EXPECT_EQ(model::ExportTflite(*network, TfliteQuantization::kFloat16, &seen).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(TfliteExportTest, NamesTheFeatureThatTfliteCannotCompute) {
  const Status status = model::ExportTflite(*LearnerRun(LearnerCases()[1]).Ok().model, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Feature 'kind' cannot be exported to TFLite: its column 'kind' is text"));
}

TEST(TfliteExportTest, NamesTheFeatureThatTakesPartsOfTimes) {
  LearnerCase timed = LearnerCases()[1];
  timed.features = "\n  a: a\n  late: hour(int(impute(b, 0.0))) > 12";
  const Status status = model::ExportTflite(*LearnerRun(timed).Ok().model, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr("Feature 'late' cannot be exported to TFLite: TFLite has no doubles to count seconds"));
}

TEST(HalfFloatTest, RoundsToTheNearestHalf) {
  EXPECT_EQ(model::tflite::ToHalf(1.0f), 0x3c00);
  EXPECT_EQ(model::tflite::ToHalf(-2.0f), 0xc000);
  EXPECT_EQ(model::tflite::ToHalf(65504.0f), 0x7bff);
  EXPECT_EQ(model::tflite::ToHalf(1e9f), 0x7bff);
  EXPECT_EQ(model::tflite::ToHalf(0x1p-24f), 0x0001);
  EXPECT_EQ(model::tflite::ToHalf(0x1.ffcp-1f), 0x3bff);
  EXPECT_EQ(model::tflite::ToHalf(0x1.ffep-1f), 0x3c00);
  EXPECT_EQ(model::tflite::ToHalf(0.0f), 0x0000);
}

}  // namespace
}  // namespace penstock::learning
