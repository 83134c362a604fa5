#include "penstock/transform/transform_graph.h"

#include <atomic>
#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>

#include "penstock/base/filesystem.h"
#include "penstock/transform/graph_codec.h"
#include "penstock/transform/program.h"
#include "penstock/transform/transform_testing.h"

namespace penstock::transform {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kYaml = R"(
label: tips > fare * 0.2
weight: fare
features:
  miles: scale_to_z_score(impute(miles, median))
  hour: one_hot(hour, 3)
  company: compute_and_apply_vocabulary(company, top_k=2, num_oov_buckets=2)
  place: bucketize(miles, 4)
  hashed: hash_strings(cross(company, hour), hash_buckets=50)
  is_far: miles > 2
)";

data::Batch Taxi() {
  return MakeBatch({{"miles", ArrayOf(Numbers{1, 2, 3, kMissing, 5})},
                    {"hour", ArrayOf(Integers{0, 1, 2, 3, kMissing})},
                    {"company", ArrayOf(Texts{"a", "b", "b", "c", kMissing})},
                    {"tips", ArrayOf(Numbers{0, 3, 2, 9, kMissing})},
                    {"fare", ArrayOf(Numbers{10, 10, 10, 20, 30})},
                    {"unused", ArrayOf(Integers{1, 2, 3, 4, 5})}});
}

TransformGraph TaxiGraph() { return *Analyze(std::string(kYaml), Taxi()); }

TEST(TransformGraphTest, DescribesInputsAndOutputs) {
  const TransformGraph graph = TaxiGraph();
  EXPECT_THAT(graph.input_columns(),
              ElementsAre(InputColumn{"company", ValueType::kText}, InputColumn{"hour", ValueType::kInteger},
                          InputColumn{"miles", ValueType::kNumber}));
  EXPECT_THAT(graph.label_columns(),
              ElementsAre(InputColumn{"fare", ValueType::kNumber}, InputColumn{"tips", ValueType::kNumber}));
  EXPECT_EQ(graph.task(), Task::kBinaryClassification);
  const std::vector<FeatureSchema>& features = graph.output_schema();
  ASSERT_EQ(features.size(), 6u);
  EXPECT_EQ(features[0], (FeatureSchema{.name = "miles"}));
  EXPECT_THAT(features[1].DenseNames(), ElementsAre("hour[0]", "hour[1]", "hour[2]"));
  EXPECT_EQ(features[2].kind, FeatureKind::kCategorical);
  EXPECT_EQ(features[2].num_buckets, 4);
  EXPECT_EQ(features[3].num_buckets, 4);
  EXPECT_TRUE(features[3].is_ordered);
  EXPECT_EQ(features[4].num_buckets, 50);
  EXPECT_EQ(features[5].type, ValueType::kBoolean);
  EXPECT_EQ(DenseWidth(features), 8);
}

TEST(TransformGraphTest, AppliesFeaturesLabelAndWeight) {
  const Result<data::Batch> all = TaxiGraph().Apply(Taxi());
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_TRUE((*all)->Validate().ok());
  ASSERT_TRUE((*all)->ValidateFull().ok());
  EXPECT_EQ((*all)->num_columns(), 8);
  EXPECT_EQ(NumbersOf((*all)->GetColumnByName("__label__")), (Numbers{0, 1, 0, 1, kMissing}));
  EXPECT_EQ(NumbersOf((*all)->GetColumnByName("__weight__")), (Numbers{10, 10, 10, 20, 30}));
  EXPECT_EQ(IntegersOf((*all)->GetColumnByName("is_far")), (Integers{0, 0, 1, kMissing, 1}));
}

TEST(TransformGraphTest, ServesWithoutLabelColumns) {
  const TransformGraph graph = TaxiGraph();
  const data::Batch serving = Taxi()->SelectColumns({0, 1, 2}).ValueOrDie();
  const Result<data::Batch> features = graph.Apply(serving);
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_TRUE((*features)->Equals(**graph.ApplyFeatures(Taxi())));
  EXPECT_THAT(std::string(graph.Label(serving).status().message()), HasSubstr("no column 'fare'"));
}

TEST(TransformGraphTest, NamesAMissingColumnWithTheNearest) {
  const data::Batch renamed =
      Taxi()->RenameColumns({"mils", "hour", "company", "tips", "fare", "unused"}).ValueOrDie();
  const Status status = TaxiGraph().ApplyFeatures(renamed).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()),
            "The data has no column 'miles', which the transform reads; did you mean 'mils'?");
}

TEST(TransformGraphTest, TakesCompatibleTypesForTheSameValues) {
  const TransformGraph graph = TaxiGraph();
  arrow::FloatBuilder hours;
  ASSERT_TRUE(hours.AppendValues({0, 1, 2, 3}).ok() && hours.AppendNull().ok());
  arrow::Int32Builder miles;
  ASSERT_TRUE(miles.AppendValues({1, 2, 3}).ok() && miles.AppendNull().ok() && miles.Append(5).ok());
  arrow::StringDictionaryBuilder companies;
  for (const char* company : {"a", "b", "b", "c"}) ASSERT_TRUE(companies.Append(company).ok());
  ASSERT_TRUE(companies.AppendNull().ok());
  const data::Batch other = MakeBatch({{"hour", hours.Finish().ValueOrDie()},
                                       {"miles", miles.Finish().ValueOrDie()},
                                       {"company", companies.Finish().ValueOrDie()}});
  const Result<data::Batch> features = graph.ApplyFeatures(other);
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_TRUE((*features)->Equals(**graph.ApplyFeatures(Taxi())));
}

TEST(TransformGraphTest, ReadsFloatsOf32BitsAsTheDecimalsTheyStandFor) {
  const auto as_floats = [](std::vector<float> values) {
    arrow::FloatBuilder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    return builder.Finish().ValueOrDie();
  };
  const std::vector<float> values = {2.45f,    -0.1f,  41.88f,  -87.63275f, 16777216.0f,
                                     1.0f / 3, 1e-30f, 3.4e38f, -0.0f};
  const data::Batch batch = MakeBatch({{"x", as_floats(values)}});
  const Numbers read = NumbersOf(Evaluate("x", batch));
  EXPECT_EQ(read[0], 2.45);
  EXPECT_EQ(read[1], -0.1);
  EXPECT_EQ(read[2], 41.88);
  EXPECT_EQ(read[3], -87.63275);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(static_cast<float>(*read[i]), values[i]) << i;
  EXPECT_TRUE(std::signbit(*read[8]));
  EXPECT_EQ(IntegersOf(Evaluate("x > 12.25 * 0.2", batch))[0], 0);
}

TEST(TransformGraphTest, TakesSlicesOfBatches) {
  const TransformGraph graph = TaxiGraph();
  const data::Batch whole = *graph.Apply(Taxi());
  const Result<data::Batch> slice = graph.Apply(Taxi()->Slice(2, 3));
  ASSERT_TRUE(slice.ok()) << slice.status();
  EXPECT_TRUE((*slice)->Equals(*whole->Slice(2, 3)));
}

TEST(TransformGraphTest, RefusesValuesThatDoNotFit) {
  const TransformGraph graph = TaxiGraph();
  const auto with_hours = [](const std::shared_ptr<arrow::Array>& hours) {
    return MakeBatch(
        {{"hour", hours}, {"miles", ArrayOf(Numbers{1, 2})}, {"company", ArrayOf(Texts{"a", "b"})}});
  };
  EXPECT_EQ(
      std::string(graph.ApplyFeatures(with_hours(ArrayOf(Numbers{1, 2.5}))).status().message()),
      "Column 'hour' held integers where the transform was made, but example 2 of this batch holds 2.5");
  EXPECT_THAT(
      std::string(graph.ApplyFeatures(with_hours(ArrayOf(Texts{"1", "2"}))).status().message()),
      HasSubstr("Column 'hour' held integers where the transform was made, and is now of type string"));
  EXPECT_TRUE(graph.ApplyFeatures(with_hours(std::make_shared<arrow::NullArray>(2))).ok());
}

TEST(TransformGraphTest, ChecksLabelsAndWeights) {
  const data::Batch batch =
      MakeBatch({{"y", ArrayOf(Integers{0, 1, kMissing})}, {"w", ArrayOf(Numbers{1, 1, 1})}});
  const Result<TransformGraph> graph =
      Analyze("label: y\ntask: binary_classification\nweight: w\nfeatures:\n  w: w\n", batch);
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(NumbersOf(*graph->Label(batch)), (Numbers{0, 1, kMissing}));
  const data::Batch wrong = MakeBatch({{"y", ArrayOf(Integers{0, 2})}, {"w", ArrayOf(Numbers{1, -1})}});
  EXPECT_EQ(std::string(graph->Label(wrong).status().message()),
            "The label of a binary classification must be 0 or 1, but it is 2 for example 2 of a batch");
  EXPECT_THAT(std::string(graph->Weight(wrong).status().message()),
              HasSubstr("must be finite and at least 0, but it is -1"));
  const Result<TransformGraph> bare = Analyze("features:\n  w: w\n", batch);
  EXPECT_EQ(bare->Label(batch).status().code(), StatusCode::kFailedPrecondition);
}

TEST(TransformGraphTest, SurvivesSerialization) {
  const TransformGraph graph = TaxiGraph();
  const std::string bytes = graph.Serialize();
  const Result<TransformGraph> copy = TransformGraph::Parse(bytes);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(copy->Serialize(), bytes);
  EXPECT_EQ(copy->output_schema(), graph.output_schema());
  EXPECT_TRUE((**copy->Apply(Taxi())).Equals(**graph.Apply(Taxi())));
}

TEST(TransformGraphTest, RefusesDamagedBytes) {
  const std::string bytes = TaxiGraph().Serialize();
  EXPECT_EQ(TransformGraph::Parse(bytes.substr(0, bytes.size() / 2)).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(TransformGraph::Parse("").status().code(), StatusCode::kDataLoss);
  int num_refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    const Result<TransformGraph> graph = TransformGraph::Parse(damaged);
    // Damage inside a number or a name cannot be told; all else must be, and what parses must run.
    if (graph.ok()) {
      (void)graph->Apply(Taxi());
      continue;
    }
    ++num_refused;
    EXPECT_EQ(graph.status().code(), StatusCode::kDataLoss);
  }
  EXPECT_GT(num_refused, static_cast<int>(bytes.size() / 4));
}

TEST(TransformGraphTest, RefusesProgramsThatCannotBe) {
  Program good = *DecodeProgram(TaxiGraph().Serialize());
  const auto refuses = [&](auto&& change) {
    Program program = good;
    change(program);
    return TransformGraph::Parse(EncodeProgram(program)).status().code() == StatusCode::kDataLoss;
  };
  EXPECT_FALSE(refuses([](Program&) {}));
  EXPECT_TRUE(refuses([](Program& p) { p.features[0].node = 1000; }));
  EXPECT_TRUE(refuses([](Program& p) { p.features[1].name = "miles"; }));
  EXPECT_TRUE(refuses([](Program& p) {
    p.label = 0;
    p.task = Task::kNone;
  }));
  EXPECT_TRUE(refuses([](Program& p) { p.nodes.back().inputs = {static_cast<int32_t>(p.nodes.size())}; }));
  EXPECT_TRUE(refuses([](Program& p) { p.analyses[0].result = std::monostate(); }));
  EXPECT_TRUE(refuses([](Program& p) { p.analyses[0].kind = AnalysisKind::kVocabulary; }));
  EXPECT_TRUE(refuses([](Program& p) { p.analyses[0].input = -1; }));
}

TEST(TransformGraphTest, SavesAndLoadsWithReadableVocabularies) {
  const std::string directory = testing::TempDir() + "penstock_transform_graph_saves";
  std::filesystem::remove_all(directory);
  const TransformGraph graph = TaxiGraph();
  ASSERT_TRUE(SaveTransformGraph(graph, directory).ok());
  EXPECT_EQ(*fs::ReadFile(directory + "/vocabularies/company.txt"), "b\nc\n");
  const Result<TransformGraph> loaded = LoadTransformGraph(directory);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->Serialize(), graph.Serialize());
  ASSERT_TRUE(fs::WriteFileAtomically(directory + "/transform_graph.pb", "junk").ok());
  EXPECT_THAT(std::string(LoadTransformGraph(directory).status().message()), HasSubstr("transform_graph.pb"));
  EXPECT_EQ(LoadTransformGraph(directory + "/none").status().code(), StatusCode::kNotFound);
  std::filesystem::remove_all(directory);
}

TEST(TransformGraphTest, IsTheSameFromManyThreads) {
  const TransformGraph graph = TaxiGraph();
  const data::Batch expected = *graph.Apply(Taxi());
  std::atomic<int> num_equal = 0;
  const Status status = ParallelFor(64, ExecutionOptions{.num_threads = 8}, [&](int64_t) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const data::Batch batch, graph.Apply(Taxi()));
    num_equal += batch->Equals(*expected) ? 1 : 0;
    return OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(num_equal, 64);
}

}  // namespace
}  // namespace penstock::transform
