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
#include "penstock/model/tflite/half_float.h"
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

/// Models to ask LiteRT about, all in one process.
class Questions {
 public:
  Questions() : folder_(testing::TempDir() + "tflite_parity_" + NewUuid()) {}
  ~Questions() { std::filesystem::remove_all(folder_); }

  void Add(const std::string& name, const std::shared_ptr<const model::Model>& model,
           TfliteQuantization quantization = TfliteQuantization::kNone) {
    const auto exported = model::ExportTflite(*model, quantization);
    ASSERT_TRUE(exported.ok()) << name << ": " << exported.status();
    std::filesystem::create_directories(folder_ + "/" + name);
    std::ofstream(folder_ + "/" + name + "/model.tflite", std::ios::binary) << *exported;
    auto rows = tests::AsJson(tests::StrangeRows());
    rows.erase("kind");
    std::ofstream(folder_ + "/" + name + "/rows.json") << rows.dump();
    models_[name] = model;
    sizes_[name] = exported->size();
  }

  /// The largest difference to ours, of each; relative for what is larger than 1.
  std::map<std::string, double> Differences() const {
    const nlohmann::json answers = tests::RunClient("tensorflow", "litert_runtime.py", folder_);
    std::map<std::string, double> differences;
    for (const auto& [name, model] : models_) {
      const auto predictions = model->Predict(tests::StrangeRows());
      EXPECT_TRUE(predictions.ok()) << predictions.status();
      const auto& ours = static_cast<const arrow::DoubleArray&>(*(*predictions)->column(0));
      const nlohmann::json& theirs = answers.at(name).at(model->signature().prediction_column);
      EXPECT_EQ(theirs.size(), 1000u);
      for (int64_t i = 0; i < 1000; ++i) {
        const double difference = std::abs(theirs[static_cast<size_t>(i)].get<double>() - ours.Value(i)) /
                                  std::max(1.0, std::abs(ours.Value(i)));
        differences[name] =
            difference > differences[name] || std::isnan(difference) ? difference : differences[name];
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
  for (const auto& [name, difference] : questions.Differences()) EXPECT_LE(difference, 1e-5) << name;
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
  EXPECT_LE(differences.at("float"), 1e-5);
  EXPECT_LE(differences.at("float16"), 5e-3);
  EXPECT_LE(differences.at("int8"), 5e-2);
  EXPECT_LT(questions.size_of("float16"), questions.size_of("float"));
  EXPECT_LT(questions.size_of("int8"), questions.size_of("float16"));
}

TEST(TfliteExportTest, NamesTheFeatureThatTfliteCannotCompute) {
  const Status status = model::ExportTflite(*LearnerRun(LearnerCases()[1]).Ok().model, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Feature 'kind' cannot be exported to TFLite: its column 'kind' is text"));
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
