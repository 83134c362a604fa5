// Models made elsewhere, asked through their own runtimes as models of ours: what we exported, and what
// others make. Skipped without tools/setup_onnx_runtime.sh, tools/setup_tflite.sh and
// tools/setup_tensorflow.sh.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "conformance/learner_suite.h"
#include "parity/foreign_runtime.h"
#include "penstock/base/ids.h"
#include "penstock/model/onnx/onnx_export.h"
#include "penstock/model/prediction_values.h"
#include "penstock/model/saved_model/saved_model_export.h"
#include "penstock/model/tflite/tflite_export.h"

namespace penstock::learning {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ModelFile {
 public:
  ModelFile(const std::string& name, const std::string& bytes) : folder_(testing::TempDir() + NewUuid()) {
    std::filesystem::create_directories(folder_);
    path_ = folder_ + "/" + name;
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~ModelFile() { std::filesystem::remove_all(folder_); }
  const std::string& path() const { return path_; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_, path_;
};

void ExpectSamePredictions(const model::Model& ours, const model::Model& theirs, double tolerance) {
  const data::Batch rows = tests::StrangeRows();
  const auto expected = ours.Predict(rows), actual = theirs.Predict(rows);
  ASSERT_TRUE(expected.ok()) << expected.status();
  ASSERT_TRUE(actual.ok()) << actual.status();
  const auto want = model::PredictionValues(*expected, ours.signature().prediction_column);
  const auto have = model::PredictionValues(*actual, theirs.signature().prediction_column);
  ASSERT_TRUE(want.ok() && have.ok()) << have.status();
  ASSERT_EQ(want->values.size(), have->values.size());
  for (size_t i = 0; i < want->values.size(); ++i)
    ASSERT_NEAR(have->values[i], want->values[i], tolerance * std::max(1.0, std::abs(want->values[i])))
        << "number " << i;
}

/// Fields of Protocol Buffers' wire format: an ONNX file is made by hand here, as others' programs make it.
std::string Field(int number, const std::string& bytes) {
  std::string field{static_cast<char>(number << 3 | 2)};
  for (size_t size = bytes.size();; size >>= 7) {
    field += static_cast<char>(size > 127 ? (size & 127) | 128 : size);
    if (size <= 127) return field + bytes;
  }
}
std::string Field(int number, int64_t value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

/// A ValueInfoProto of floats [n, columns].
std::string Floats(const std::string& name, int64_t columns) {
  const std::string shape = Field(1, Field(2, std::string("n"))) + Field(1, Field(1, columns));
  return Field(1, name) + Field(2, Field(1, Field(1, int64_t{1}) + Field(2, shape)));
}

/// Softmax over the input X of [n, 3]; with `classes`, as a sequence of maps from their names
/// (scikit-learn's).
std::string SoftmaxFile(const std::vector<std::string>& classes) {
  std::string graph =
      Field(1, Field(1, std::string("X")) + Field(2, std::string("p")) + Field(4, std::string("Softmax")));
  std::string output = Floats("p", 3);
  if (!classes.empty()) {
    std::string names = Field(1, std::string("classlabels_strings"));
    for (const std::string& name : classes) names += Field(9, name);
    names += std::string{static_cast<char>(0xA0), 1, 8};  // Field 20: STRINGS.
    graph +=
        Field(1, Field(1, std::string("p")) + Field(2, std::string("output_probability")) +
                     Field(4, std::string("ZipMap")) + Field(5, names) + Field(7, std::string("ai.onnx.ml")));
    // sequence_type{elem_type{map_type{key_type: STRING, value_type{tensor_type{elem_type: FLOAT}}}}}
    const std::string value = Field(1, Field(1, int64_t{1}) + Field(2, std::string()));
    const std::string map = Field(5, Field(1, int64_t{8}) + Field(2, value));
    output = Field(1, std::string("output_probability")) + Field(2, Field(4, Field(1, map)));
  }
  graph += Field(2, std::string("g")) + Field(11, Floats("X", 3)) + Field(12, output);
  return Field(1, int64_t{8}) + Field(7, graph) + Field(8, Field(1, std::string()) + Field(2, int64_t{13})) +
         Field(8, Field(1, std::string("ai.onnx.ml")) + Field(2, int64_t{2}));
}

data::Batch ThreeColumns() {
  arrow::ArrayVector columns;
  for (const std::vector<double>& values :
       {std::vector<double>{0, 1}, std::vector<double>{0, 0}, std::vector<double>{std::log(2.0), 0}}) {
    arrow::DoubleBuilder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    columns.push_back(builder.Finish().ValueOrDie());
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("u", arrow::float64()), arrow::field("v", arrow::float64()),
                     arrow::field("w", arrow::float64())}),
      2, columns);
}

class ForeignOnnxTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::HasClient("onnx_runtime")) GTEST_SKIP() << "No ONNX Runtime: run tools/setup_onnx_runtime.sh";
  }
};

TEST_F(ForeignOnnxTest, ExportedModelsPredictAsTheyDoAtHome) {
  for (const LearnerCase& learner : LearnerCases()) {
    SCOPED_TRACE(learner.learner);
    const auto ours = LearnerRun(learner).Ok().model;
    const auto exported = model::ExportOnnx(*ours);
    ASSERT_TRUE(exported.ok()) << exported.status();
    const ModelFile file("model.onnx", *exported);
    const auto theirs = model::LoadModel(file.path());
    ASSERT_TRUE(theirs.ok()) << theirs.status();
    ExpectSamePredictions(*ours, **theirs, 1e-5);
  }
}

TEST_F(ForeignOnnxTest, ScoresOfSeveralClassesAreNumberedWhereTheModelHasNoNames) {
  const ModelFile file("model.onnx", SoftmaxFile({}));
  const auto model = model::LoadModel(file.folder());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->signature().task, model::Task::kMulticlassClassification);
  EXPECT_THAT((*model)->signature().class_names, ElementsAre("0", "1", "2"));
  const auto predictions = (*model)->Predict(ThreeColumns());
  ASSERT_TRUE(predictions.ok()) << predictions.status();
  const auto scores = model::PredictionValues(*predictions, "scores");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_NEAR(scores->values[0], 0.25, 1e-6);
  EXPECT_NEAR(scores->values[2], 0.5, 1e-6);
  EXPECT_EQ((*predictions)->GetColumnByName("class")->GetScalar(0).ValueOrDie()->ToString(), "2");
}

TEST_F(ForeignOnnxTest, MapsOfClassesAsScikitLearnWritesThemGiveTheNames) {
  const ModelFile file("model.onnx", SoftmaxFile({"cat", "cow", "dog"}));
  const auto model = model::LoadModel(file.path());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT((*model)->signature().class_names, ElementsAre("cat", "cow", "dog"));
  const auto predictions = (*model)->Predict(ThreeColumns());
  ASSERT_TRUE(predictions.ok()) << predictions.status();
  EXPECT_EQ((*predictions)->GetColumnByName("class")->GetScalar(0).ValueOrDie()->ToString(), "dog");
  EXPECT_EQ((*predictions)->GetColumnByName("class")->GetScalar(1).ValueOrDie()->ToString(), "cat");
}

TEST_F(ForeignOnnxTest, ColumnsThatDoNotFitAreNamed) {
  const ModelFile file("model.onnx", SoftmaxFile({}));
  const auto model = model::LoadModel(file.path());
  ASSERT_TRUE(model.ok()) << model.status();
  const auto two = ThreeColumns()->RemoveColumn(1);
  const Status status = (*model)->Predict(*two).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr(
          "takes 3 numbers an example and is no column; the examples have 2 columns of numbers (u, w)"));
}

TEST_F(ForeignOnnxTest, DamagedFileIsRefusedInOnnxRuntimesWords) {
  const ModelFile file("model.onnx", "not ONNX");
  const Status status = model::LoadModel(file.path()).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ONNX Runtime does not load it"));
}

TEST(ForeignModelTest, MissingRuntimeIsSaidWithTheCommandThatInstallsIt) {
  ::setenv("PENSTOCK_ONNX_RUNTIME", "/nowhere", 1);
  const Status status = model::LoadModel("model.onnx").status();
  ::unsetenv("PENSTOCK_ONNX_RUNTIME");
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("run tools/setup_onnx_runtime.sh"));
}

TEST(ForeignSavedModelTest, ScoresOfSeveralClassesAreNumberedAndAsAtHome) {
  if (!tests::HasClient("tensorflow")) GTEST_SKIP() << "No TensorFlow: run tools/setup_tensorflow.sh";
  for (const size_t learner : {0, 2}) {
    LearnerRun run(LearnerCases()[learner]);
    SCOPED_TRACE(run.test_case.learner);
    run.label = kSeveralClasses;
    const auto ours = run.Ok().model;
    const auto exported = model::ExportSavedModel(*ours);
    ASSERT_TRUE(exported.ok()) << exported.status();
    const ModelFile folder("none", "");
    ASSERT_TRUE(model::WriteSavedModel(*exported, folder.folder()).ok());
    const auto theirs = model::LoadModel(folder.folder());
    ASSERT_TRUE(theirs.ok()) << theirs.status();
    EXPECT_EQ((*theirs)->signature().task, model::Task::kMulticlassClassification);
    EXPECT_THAT((*theirs)->signature().class_names, ElementsAre("0", "1", "2"));
    ExpectSamePredictions(*ours, **theirs, 1e-5);
  }
}

class ForeignTfliteTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::HasClient("tflite")) GTEST_SKIP() << "No TensorFlow Lite: run tools/setup_tflite.sh";
  }
};

TEST_F(ForeignTfliteTest, ExportedModelsPredictAsTheyDoAtHome) {
  for (const LearnerCase& learner : LearnerCases()) {
    if (learner.learner == "lstm" || !learner.has_label) continue;
    SCOPED_TRACE(learner.learner);
    LearnerCase numeric = learner;
    numeric.features = "\n  a: a\n  b: b\n  bucket: bucketize(a, 5)";
    numeric.hyperparameters.erase("crosses");
    numeric.hyperparameters.erase("cross_buckets");
    const auto ours = LearnerRun(numeric).Ok().model;
    const auto exported = model::ExportTflite(*ours, model::TfliteQuantization::kNone);
    ASSERT_TRUE(exported.ok()) << exported.status();
    const ModelFile file("model.tflite", *exported);
    const auto theirs = model::LoadModel(file.path());
    ASSERT_TRUE(theirs.ok()) << theirs.status();
    ExpectSamePredictions(*ours, **theirs, 1e-5);
  }
}

TEST_F(ForeignTfliteTest, DamagedFileIsRefused) {
  const ModelFile file("model.tflite", "not TFLite at all");
  const Status status = model::LoadModel(file.path()).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("TensorFlow Lite does not load it"));
}

}  // namespace
}  // namespace penstock::learning
