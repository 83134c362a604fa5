#include "penstock/model/forest_model.h"

#include <cmath>
#include <limits>
#include <thread>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <penstock/model.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/transform/analyze_transform.h"

namespace penstock::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Analyzers look at these few examples.
class FewExamples final : public data::Dataset, public data::BatchReader {
 public:
  explicit FewExamples(Batch batch) : schema_(batch->schema()), batch_(std::move(batch)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return 1; }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t) const override {
    return std::make_unique<FewExamples>(*batch_);
  }
  Result<std::optional<Batch>> Next() override { return std::exchange(batch_, std::nullopt); }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::optional<Batch> batch_;
};

std::shared_ptr<arrow::Array> Numbers(const std::vector<std::optional<double>>& values) {
  arrow::DoubleBuilder builder;
  for (const std::optional<double>& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

Batch Trips(const std::vector<std::optional<double>>& miles, const std::vector<std::string>& companies) {
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("miles", arrow::float64()), arrow::field("company", arrow::utf8())}),
      static_cast<int64_t>(companies.size()), {Numbers(miles), Texts(companies)});
}

std::shared_ptr<const transform::TransformGraph> Graph(const std::string& yaml) {
  const auto spec = transform::ParseTransformSpec(yaml, "features.yaml");
  EXPECT_TRUE(spec.ok()) << spec.status();
  const Batch trips = Trips({1, 2, 3}, {"a", "b", "a"});
  arrow::ArrayVector columns = trips->columns();
  columns.push_back(Numbers({0, 1, 2}));
  arrow::FieldVector fields = trips->schema()->fields();
  fields.push_back(arrow::field("tips", arrow::float64()));
  const FewExamples examples(arrow::RecordBatch::Make(arrow::schema(fields), 3, columns));
  auto graph = transform::AnalyzeTransform(*spec, examples, {});
  EXPECT_TRUE(graph.ok()) << graph.status();
  return std::make_shared<const transform::TransformGraph>(*std::move(graph));
}

constexpr char kYaml[] =
    "label: tips > 1\nfeatures:\n  miles: miles\n  company: compute_and_apply_vocabulary(company)\n";

/// miles < 2 (missing: left) -> -1, else company is "a" (id 0) -> 1, else 3; on a base of 0.5.
TreeEnsemble SmallForest() {
  const std::vector<Tree> trees{{{.left = 1, .right = 2, .column = 0, .missing_goes_left = true, .value = 2},
                                 {.value = -1},
                                 {.left = 3, .right = 4, .column = 1, .value = 0.5f},
                                 {.value = 1},
                                 {.value = 3}}};
  return *TreeEnsemble::Make(trees, 0.5f, 2);
}

std::shared_ptr<const ForestModel> SmallModel(const std::string& yaml = kYaml) {
  auto model = ForestModel::Make(Graph(yaml), SmallForest());
  EXPECT_TRUE(model.ok()) << model.status();
  return *model;
}

std::vector<double> Values(const Result<Batch>& predictions) {
  EXPECT_TRUE(predictions.ok()) << predictions.status();
  const auto& column = static_cast<const arrow::DoubleArray&>(*(*predictions)->column(0));
  return {column.raw_values(), column.raw_values() + column.length()};
}

double Logistic(double margin) { return 1 / (1 + std::exp(-margin)); }

TEST(ForestModelTest, PredictsProbabilitiesOfRawExamplesWithoutTheLabelsColumn) {
  const auto model = SmallModel();
  const Result<Batch> predictions = model->Predict(Trips({1, 2, 5, std::nullopt}, {"a", "a", "b", "b"}));
  EXPECT_THAT(Values(predictions), ElementsAre(Logistic(-0.5), Logistic(1.5), Logistic(3.5), Logistic(-0.5)));
  EXPECT_EQ((*predictions)->schema()->field(0)->name(), "probability");
}

TEST(ForestModelTest, PredictsSumsForRegression) {
  const auto model = SmallModel(
      "label: tips\ntask: regression\nfeatures: {m: miles, c: compute_and_apply_vocabulary(company)}\n");
  const Result<Batch> predictions = model->Predict(Trips({1, 2}, {"a", "b"}));
  EXPECT_THAT(Values(predictions), ElementsAre(-0.5, 3.5));
  EXPECT_EQ((*predictions)->schema()->field(0)->name(), "prediction");
}

TEST(ForestModelTest, SignatureNamesTheRawColumnsOfTheFeaturesOnly) {
  const Signature signature = SmallModel()->signature();
  EXPECT_EQ(signature.task, Task::kBinaryClassification);
  EXPECT_THAT(signature.inputs->field_names(), ElementsAre("company", "miles"));
  EXPECT_EQ(signature.inputs->GetFieldByName("company")->type()->id(), arrow::Type::STRING);
  EXPECT_EQ(signature.inputs->GetFieldByName("miles")->type()->id(), arrow::Type::DOUBLE);
}

TEST(ForestModelTest, PredictsNothingForNoExamples) {
  EXPECT_THAT(Values(SmallModel()->Predict(Trips({}, {}))), ElementsAre());
}

TEST(ForestModelTest, PredictsTheSameBitsInAnyBatchAndOnAnyThread) {
  const auto model = SmallModel();
  std::vector<std::optional<double>> miles;
  std::vector<std::string> companies;
  for (int i = 0; i < 5000; ++i) {
    miles.push_back(i % 7 == 0 ? std::nullopt : std::optional<double>(i % 5));
    companies.push_back(i % 3 == 0 ? "a" : "b");
  }
  const Batch all = Trips(miles, companies);
  const std::vector<double> whole = Values(model->Predict(all));
  std::vector<std::vector<double>> parts(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { parts[i] = Values(model->Predict(all->Slice(i * 1250, 1250))); });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<double> joined;
  for (const std::vector<double>& part : parts) joined.insert(joined.end(), part.begin(), part.end());
  EXPECT_EQ(joined, whole);
}

TEST(ForestModelTest, NamesColumnThatIsMissing) {
  const Batch examples =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("mile", arrow::float64())}), 1, {Numbers({1})});
  const Status status = SmallModel()->Predict(examples).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::AnyOf(HasSubstr("miles"), HasSubstr("company")));
}

TEST(ForestModelTest, RefusesForestOfAnotherWidth) {
  const Status status =
      ForestModel::Make(Graph("label: tips > 1\nfeatures: {miles: miles}\n"), SmallForest()).status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("grown on 2 columns, but the transform's features take 1"));
}

TEST(ForestModelTest, RefusesTransformWithoutLabel) {
  const Status status = ForestModel::Make(Graph("features: {a: miles, b: miles}\n"), SmallForest()).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("`label:`"));
}

TEST(ModelFileTest, GivesBackAnEqualModel) {
  const std::string uri = testing::TempDir() + "model_file_test/model";
  const auto model = SmallModel();
  ASSERT_TRUE(SaveModel(*model, uri).ok());
  const auto loaded = LoadModel(uri);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(*(*loaded)->Encode(), *model->Encode());
  const Batch examples = Trips({1, 2, std::nullopt}, {"a", "b", "c"});
  EXPECT_EQ(Values((*loaded)->Predict(examples)), Values(model->Predict(examples)));
  EXPECT_TRUE((*loaded)->transform().has_label());
}

TEST(ModelFileTest, NamesFolderWithoutModel) {
  const Status status = LoadModel(testing::TempDir() + "no_such_model").status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no_such_model"));
}

TEST(ModelFileTest, RefusesEveryPrefix) {
  const std::string bytes = *SmallModel()->Encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Status status = DecodeModel(std::string_view(bytes).substr(0, size), "model.pb").status();
    ASSERT_EQ(status.code(), StatusCode::kDataLoss) << size << " of " << bytes.size() << " bytes: " << status;
  }
}

TEST(ModelFileTest, SurvivesEveryFlippedBit) {
  const std::string bytes = *SmallModel()->Encode();
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto model = DecodeModel(damaged, "model.pb");
    // What still parses must be a model that can be asked.
    if (model.ok()) {
      (void)(*model)->Predict(Trips({1, std::nullopt}, {"a", "b"}));
    } else {
      ASSERT_EQ(model.status().code(), StatusCode::kDataLoss) << model.status();
    }
  }
}

TEST(ModelFileTest, RefusesLaterFormat) {
  v1::ModelFile file;
  file.ParseFromString(*SmallModel()->Encode());
  file.set_format_version(kModelFormatVersion + 1);
  EXPECT_THAT(std::string(DecodeModel(file.SerializeAsString(), "model.pb").status().message()),
              HasSubstr("model.pb: the model is of format 2"));
}

TEST(ModelFileTest, RefusesForestsThatAreDamaged) {
  const auto refusal = [](const std::function<void(v1::ModelFile&)>& damage) {
    v1::ModelFile file;
    file.ParseFromString(*SmallModel()->Encode());
    damage(file);
    const Status status = DecodeModel(file.SerializeAsString(), "model.pb").status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    return std::string(status.message());
  };
  EXPECT_THAT(refusal([](auto& file) { file.mutable_forest()->add_values(1); }),
              HasSubstr("differ in length"));
  EXPECT_THAT(refusal([](auto& file) { file.mutable_forest()->set_left_children(0, 4000000000u); }),
              HasSubstr("child"));
  EXPECT_THAT(refusal([](auto& file) { file.mutable_forest()->set_splits(0, 9); }),
              HasSubstr("column 4 of 2"));
  EXPECT_THAT(refusal([](auto& file) { file.mutable_forest()->set_link(v1::Forest::IDENTITY); }),
              HasSubstr("link"));
  EXPECT_THAT(refusal([](auto& file) { file.mutable_signature()->set_prediction_column("p"); }),
              HasSubstr("signature"));
  EXPECT_THAT(refusal([](auto& file) { file.mutable_features(0)->set_width(2); }), HasSubstr("features"));
  EXPECT_THAT(refusal([](auto& file) { file.clear_forest(); }), HasSubstr("no learned function"));
  EXPECT_THAT(refusal([](auto& file) { file.set_transform_graph("x"); }), HasSubstr("model.pb"));
}

TEST(TaskTest, NamesNearestTask) {
  EXPECT_EQ(*TaskFromName("regression"), Task::kRegression);
  EXPECT_THAT(std::string(TaskFromName("regresion").status().message()),
              HasSubstr("did you mean 'regression'?"));
}

}  // namespace
}  // namespace penstock::model
