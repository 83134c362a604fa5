// Exported SavedModels under the real TensorFlow: every signature's predictions are ours. Skipped without
// tools/setup_tensorflow.sh.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "conformance/learner_suite.h"
#include "parity/foreign_runtime.h"
#include "penstock/base/ids.h"
#include "penstock/model/saved_model/saved_model_export.h"

namespace penstock::learning {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Everything that TensorFlow has operators for, one feature each.
constexpr char kEveryFunction[] = R"(
  plain: a
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
  chosen: if(a > b and kind == "x", a, -b)
  either: a > 0 or b > 0
  neither: not (a > 0)
  different: kind != "y"
  absent: is_missing(a)
  filled: impute(a, b)
  mean_filled: impute(a, mean)
  median_filled: impute(b, median)
  standard: scale_to_z_score(a)
  standard_per_key: scale_to_z_score_per_key(a, kind)
  unit: scale_to_0_1(b)
  unit_per_key: scale_to_0_1_per_key(b, kind)
  bucket: bucketize(a, 7)
  hot: one_hot(bucketize(b, 4), 4)
  token: compute_and_apply_vocabulary(kind)
  token_oov: compute_and_apply_vocabulary(kind, num_oov_buckets=1)
  token_oovs: compute_and_apply_vocabulary(kind, num_oov_buckets=5)
  token_hot: one_hot(compute_and_apply_vocabulary(kind), 3)
  hashed: hash_strings(kind, 10)
  length: length(kind)
  lowered: hash_strings(lower(kind), 50)
  cut: hash_strings(substr(kind, 1, 2), 50)
  replaced: hash_strings(regex_replace(kind, '[xy]', 'z'), 50)
  matched: regex_full_match(kind, '[a-y]+')
  parsed: to_number(string(round(a * 10)))
  wave: sin(b) + cos(b) + erf(b) + tanh(b) + sigmoid(b)
  rest_of: expm1(b) + sign(b)
  hour: hour(int(b * 1000000000))
  minute: minute(int(b * 1000000000))
  weekday: day_of_week(int(b * 1000000000))
  day: day(int(b * 1000000000))
  month: month(int(b * 1000000000))
  year: year(int(b * 1000000000))
  day_of_year: day_of_year(int(b * 1000000000)))";

/// Models to ask TensorFlow about, all in one process: it takes seconds to start.
class Questions {
 public:
  Questions() : folder_(testing::TempDir() + "saved_model_parity_" + NewUuid()) {}
  ~Questions() { std::filesystem::remove_all(folder_); }

  void Add(const std::string& name, std::shared_ptr<const model::Model> model) {
    const auto exported = model::ExportSavedModel(*model);
    ASSERT_TRUE(exported.ok()) << name << ": " << exported.status();
    Write(name, *exported);
    models_[name] = std::move(model);
  }

  void Write(const std::string& name, const model::SavedModelFiles& files) {
    const Status written = model::WriteSavedModel(files, folder_ + "/" + name + "/model");
    ASSERT_TRUE(written.ok()) << written;
    const nlohmann::json question = {{"rows", tests::AsJson(tests::StrangeRows())},
                                     {"types", {{"a", "number"}, {"b", "number"}, {"kind", "text"}}}};
    std::ofstream(folder_ + "/" + name + "/rows.json") << question.dump();
  }

  nlohmann::json Answers() const { return tests::RunClient("tensorflow", "tensorflow_runtime.py", folder_); }
  const std::map<std::string, std::shared_ptr<const model::Model>>& models() const { return models_; }

 private:
  const std::string folder_;
  std::map<std::string, std::shared_ptr<const model::Model>> models_;
};

void ExpectPredictions(const nlohmann::json& theirs, size_t column, const arrow::DoubleArray& ours,
                       const std::string& where) {
  ASSERT_EQ(theirs.size(), 1000u) << where;
  for (int64_t i = 0; i < 1000; ++i) {
    const nlohmann::json& row = theirs[static_cast<size_t>(i)];
    const double answer = row.is_array() ? row[column].get<double>() : row.get<double>();
    ASSERT_NEAR(answer, ours.Value(i), 1e-5 * std::max(1.0, std::abs(ours.Value(i))))
        << where << ", row " << i;
  }
}

class SavedModelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::HasClient("tensorflow")) GTEST_SKIP() << "No TensorFlow: run tools/setup_tensorflow.sh";
  }
};

TEST_F(SavedModelTest, EverySignatureOfEveryLearnerPredictsTheSame) {
  Questions questions;
  for (const LearnerCase& learner : LearnerCases()) {
    questions.Add(learner.learner, LearnerRun(learner).Ok().model);
    if (!learner.has_label) continue;
    LearnerRun regression(learner);
    regression.label = "label: y\ntask: regression\n";
    questions.Add(learner.learner + "_regressor", regression.Ok().model);
  }
  for (const size_t place : {size_t{0}, size_t{1}}) {
    LearnerCase all = LearnerCases()[place];
    all.features = kEveryFunction;
    questions.Add(all.learner + "_of_every_function", LearnerRun(all).Ok().model);
  }
  const nlohmann::json answers = questions.Answers();
  for (const auto& [name, model] : questions.models()) {
    SCOPED_TRACE(name);
    const auto predictions = model->Predict(tests::StrangeRows());
    ASSERT_TRUE(predictions.ok()) << predictions.status();
    const auto& ours = static_cast<const arrow::DoubleArray&>(*(*predictions)->column(0));
    const model::Signature& signature = model->signature();
    const nlohmann::json& theirs = answers.at(name);
    ExpectPredictions(theirs.at("serving_default").at(signature.prediction_column), 0, ours,
                      "serving_default");
    ExpectPredictions(theirs.at("raw_tensors").at(signature.prediction_column), 0, ours, "raw_tensors");
    if (signature.task == model::Task::kBinaryClassification) {
      ExpectPredictions(theirs.at("classify").at("scores"), 1, ours, "classify");
      EXPECT_THAT(theirs.at("classify").at("classes")[999].get<std::vector<std::string>>(),
                  ElementsAre("0", "1"));
    } else {
      ExpectPredictions(theirs.at("regress").at("outputs"), 0, ours, "regress");
    }
  }
}

TEST_F(SavedModelTest, TransformAloneGivesTheFeaturesBySparseTensorsAndByExamples) {
  LearnerCase all = LearnerCases()[1];
  all.features = kEveryFunction;
  const auto graph = LearnerRun(all).Graph();
  const auto exported = model::ExportTransform(*graph);
  ASSERT_TRUE(exported.ok()) << exported.status();
  EXPECT_THAT(exported->signatures, ElementsAre("transform_examples", "transform_signature"));
  Questions questions;
  questions.Write("transform", *exported);
  const nlohmann::json answers = questions.Answers().at("transform");
  const auto ours = graph->ApplyFeatures(tests::StrangeRows());
  ASSERT_TRUE(ours.ok()) << ours.status();
  for (const std::string signature : {"transform_examples", "transform_signature"}) {
    for (const transform::FeatureSchema& feature : graph->output_schema()) {
      if (feature.kind == transform::FeatureKind::kVector) continue;
      SCOPED_TRACE(signature + ": " + feature.name);
      const nlohmann::json& theirs = answers.at(signature).at(feature.name);
      const auto column = (*ours)->GetColumnByName(feature.name);
      for (int64_t i = 0; i < 1000; ++i) {
        const nlohmann::json& value = theirs[static_cast<size_t>(i)];
        if (column->type_id() == arrow::Type::INT64) {
          const auto& integers = static_cast<const arrow::Int64Array&>(*column);
          ASSERT_EQ(value.get<int64_t>(), integers.IsNull(i) ? -1 : integers.Value(i)) << "row " << i;
        } else {
          const auto& numbers = static_cast<const arrow::DoubleArray&>(*column);
          const double answer = value.is_number() ? value.get<double>() : std::nan("");
          if (numbers.IsNull(i)) {
            ASSERT_TRUE(std::isnan(answer)) << "row " << i;
          } else {
            ASSERT_NEAR(answer, numbers.Value(i), 1e-5 * std::max(1.0, std::abs(numbers.Value(i))))
                << "row " << i;
          }
        }
      }
    }
  }
}

TEST(SavedModelExportTest, NamesTheFeatureThatTensorFlowCannotCompute) {
  LearnerCase timed = LearnerCases()[1];
  timed.features = "\n  a: a\n  text: hash_strings(string(a), 10)";
  const Status status = model::ExportSavedModel(*LearnerRun(timed).Ok().model).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr("Feature 'text' cannot be exported to TensorFlow: TensorFlow does not write numbers"));
}

TEST(SavedModelExportTest, SameModelGivesTheSameBytes) {
  const auto model = LearnerRun(LearnerCases()[3]).Ok().model;
  const auto first = model::ExportSavedModel(*model), second = model::ExportSavedModel(*model);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status();
  EXPECT_EQ(first->graph, second->graph);
  EXPECT_THAT(first->signatures, ElementsAre("serving_default", "classify", "raw_tensors"));
  ASSERT_EQ(first->assets.size(), 1u);
  EXPECT_EQ(first->assets[0].file_name, "kind");
  EXPECT_THAT(first->assets[0].content, HasSubstr("x\n"));
}

}  // namespace
}  // namespace penstock::learning
