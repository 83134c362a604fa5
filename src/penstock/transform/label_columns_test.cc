#include "penstock/transform/label_columns.h"

#include <gmock/gmock.h>

#include "penstock/transform/fingerprint64.h"
#include "penstock/transform/transform_testing.h"

namespace penstock::transform {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

data::Batch Flowers() {
  return MakeBatch({{"x", ArrayOf(Numbers{1, 2, 3, 4, 5})},
                    {"kind", ArrayOf(Texts{"rose", "rose", "aster", kMissing, "iris"})},
                    {"number", ArrayOf(Integers{3, 0, 0, 3, kMissing})},
                    {"tags", ArrayOf(Texts{"red big", "", "big", kMissing, "red"})}});
}

TransformGraph GraphOf(const std::string& label) {
  Result<TransformGraph> graph = Analyze(label + "features:\n  x: x\n", Flowers());
  EXPECT_TRUE(graph.ok()) << graph.status();
  return *std::move(graph);
}

std::vector<std::vector<float>> RowsOf(const std::shared_ptr<arrow::Array>& array) {
  std::vector<std::vector<float>> rows;
  const auto& lists = static_cast<const arrow::ListArray&>(*array);
  for (int64_t i = 0; i < lists.length(); ++i) {
    const auto values = std::static_pointer_cast<arrow::FloatArray>(lists.value_slice(i));
    if (lists.IsNull(i)) {
      rows.push_back({-1});
    } else {
      rows.emplace_back(values->raw_values(), values->raw_values() + values->length());
    }
  }
  return rows;
}

TEST(LabelColumnsTest, NumbersClassesByName) {
  const TransformGraph graph = GraphOf("task: multiclass_classification\nlabel: kind\n");
  EXPECT_THAT(graph.class_names(), ElementsAre("aster", "iris", "rose"));
  EXPECT_EQ(NumbersOf(*graph.Label(Flowers())), (Numbers{2, 2, 0, kMissing, 1}));
  const data::Batch other = MakeBatch({{"kind", ArrayOf(Texts{"never seen", "iris"})}});
  EXPECT_EQ(NumbersOf(*graph.Label(other)), (Numbers{kMissing, 1}));
}

TEST(LabelColumnsTest, KeepsClassesThatAreNumbersInTheirPlace) {
  const TransformGraph graph = GraphOf("task: multiclass_classification\nlabel: number\n");
  EXPECT_THAT(graph.class_names(), ElementsAre("0", "1", "2", "3"));
  EXPECT_EQ(NumbersOf(*graph.Label(Flowers())), (Numbers{3, 0, 0, 3, kMissing}));
}

TEST(LabelColumnsTest, TakesTheOrderOfAVocabularyThatIsGiven) {
  const TransformGraph graph =
      GraphOf("task: multiclass_classification\nlabel: compute_and_apply_vocabulary(kind)\n");
  EXPECT_EQ(graph.class_names().front(), "rose");  // The commonest.
}

TEST(LabelColumnsTest, LeavesFeaturesOfTheSameColumnAlone) {
  const Result<TransformGraph> graph = Analyze(
      "task: multiclass_classification\nlabel: kind\nfeatures:\n  kind: compute_and_apply_vocabulary(kind)\n",
      Flowers());
  ASSERT_TRUE(graph.ok()) << graph.status();
  const data::Batch features = *graph->ApplyFeatures(Flowers());
  EXPECT_EQ(IntegersOf(features->column(0))[0], 0);  // "rose", by how often it is there.
}

TEST(LabelColumnsTest, MarksTheClassesInLists) {
  const TransformGraph graph =
      GraphOf("task: multilabel_classification\nlabel: split(impute(tags, ''), ' ')\n");
  EXPECT_THAT(graph.class_names(), ElementsAre("big", "red"));
  EXPECT_THAT(RowsOf(*graph.Label(Flowers())),
              ElementsAre(ElementsAre(1, 1), ElementsAre(0, 0), ElementsAre(1, 0), ElementsAre(0, 0),
                          ElementsAre(0, 1)));
}

TEST(LabelColumnsTest, TakesAConditionForEachClass) {
  const TransformGraph graph = GraphOf("label: {large: x > 3, known: number >= 0}\n");
  EXPECT_EQ(graph.task(), Task::kMultilabelClassification);
  EXPECT_THAT(graph.class_names(), ElementsAre("large", "known"));
  const auto rows = RowsOf(*graph.Label(Flowers()));
  EXPECT_THAT(rows[0], ElementsAre(0, 1));
  EXPECT_THAT(rows[3], ElementsAre(1, 1));
  const std::string bytes = graph.Serialize();
  EXPECT_EQ(TransformGraph::Parse(bytes)->class_names(), graph.class_names());
}

TEST(LabelColumnsTest, TellsQueriesByIntegersOrText) {
  const TransformGraph by_number = GraphOf("task: ranking\nlabel: x\nquery: number\n");
  EXPECT_EQ(IntegersOf(*by_number.Query(Flowers())), (Integers{3, 0, 0, 3, kMissing}));
  const TransformGraph by_text = GraphOf("task: ranking\nlabel: x\nquery: kind\n");
  EXPECT_EQ(IntegersOf(*by_text.Query(Flowers()))[0], static_cast<int64_t>(Fingerprint64("rose")));
  const data::Batch applied = *by_text.Apply(Flowers());
  EXPECT_NE(applied->GetColumnByName(std::string(kQueryColumn)), nullptr);
  EXPECT_EQ(TransformGraph::Parse(by_text.Serialize())->Serialize(), by_text.Serialize());
}

TEST(LabelColumnsTest, RefusesRelevanceOutOfRange) {
  const TransformGraph graph = GraphOf("task: ranking\nlabel: x - 2\nquery: number\n");
  EXPECT_THAT(std::string(graph.Label(Flowers()).status().message()),
              HasSubstr("from 0 to 31, but it is -1"));
}

TEST(LabelColumnsTest, SaysWhatEachTaskNeeds) {
  const auto error_of = [](const std::string& label) {
    return std::string(Analyze(label + "features:\n  x: x\n", Flowers()).status().message());
  };
  EXPECT_THAT(error_of("label: kind\n"),
              HasSubstr("or learn all classes with 'task: multiclass_classification'"));
  EXPECT_THAT(error_of("task: multiclass_classification\nlabel: split(tags, ' ')\n"),
              HasSubstr("an example has one class"));
  EXPECT_THAT(error_of("task: multilabel_classification\nlabel: kind\n"),
              HasSubstr("such as split(tags, ' ')"));
  EXPECT_THAT(error_of("task: multiclass_classification\nlabel: x\n"),
              HasSubstr("classes are named by text or integers, and this is a number"));
  EXPECT_THAT(error_of("task: ranking\nlabel: x\n"), HasSubstr("ranking needs 'query: EXPRESSION'"));
  EXPECT_THAT(error_of("label: x\nquery: kind\n"), HasSubstr("a query goes with 'task: ranking'"));
  EXPECT_THAT(error_of("task: regression\nlabel: {a: x > 1}\n"), HasSubstr("for multilabel_classification"));
  EXPECT_THAT(error_of("task: multiclass_clasification\nlabel: x\n"),
              HasSubstr("did you mean 'multiclass_classification'?"));
}

}  // namespace
}  // namespace penstock::transform
