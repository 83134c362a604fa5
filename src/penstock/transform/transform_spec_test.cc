#include "penstock/transform/transform_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::transform {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string ErrorOf(const std::string& yaml) {
  const Result<TransformSpec> spec = ParseTransformSpec(yaml, "f.yaml");
  return spec.ok() ? "ok" : std::string(spec.status().message());
}

TEST(TransformSpecTest, KeepsFeaturesInFileOrder) {
  const Result<TransformSpec> spec = ParseTransformSpec(
      "label: tips > fare * 0.2   # a comment\n"
      "task: binary_classification\n"
      "weight: fare\n"
      "features:\n"
      "  zebra: a\n"
      "  apple: \"impute(b, 'x: y')\"\n",
      "f.yaml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  ASSERT_EQ(spec->features.size(), 2u);
  EXPECT_EQ(spec->features[0].name, "zebra");
  EXPECT_EQ(spec->features[1].expression.arguments[1].value.text, "x: y");
  EXPECT_EQ(spec->label->source.text(), "tips > fare * 0.2");
  EXPECT_EQ(spec->weight->expression.text, "fare");
  EXPECT_EQ(spec->task, Task::kBinaryClassification);
}

TEST(TransformSpecTest, NamesLineAndColumnInEveryKindOfYamlText) {
  EXPECT_THAT(ErrorOf("features:\n  x: a ; b\n"), StartsWith("f.yaml:2:8: feature 'x': a character"));
  EXPECT_THAT(ErrorOf("features:\n  x: \"a ; b\"\n"), StartsWith("f.yaml:2:9: feature 'x': a character"));
  EXPECT_THAT(ErrorOf("features:\n  x: 'a ; b'\n"), StartsWith("f.yaml:2:9: feature 'x': a character"));
  EXPECT_THAT(ErrorOf("features:\n  x: |\n    a +\n    b ; c\n"),
              StartsWith("f.yaml:4:7: feature 'x': a character"));
  EXPECT_THAT(ErrorOf("features:\n  x: >-\n    a +\n    b ; c\n"),
              StartsWith("f.yaml:4:7: feature 'x': a character"));
  EXPECT_THAT(ErrorOf("features:\n  x: a +\n    b ; c\n"),
              StartsWith("f.yaml:3:7: feature 'x': a character"));
}

TEST(TransformSpecTest, RefusesUnknownKeysWithTheNearest) {
  EXPECT_EQ(ErrorOf("fetures:\n  x: a\n"),
            "f.yaml:1:1: unknown key 'fetures'; did you mean 'features'?; there are features, label, weight, "
            "task, query, "
            "summaries, compat and outputs");
  EXPECT_THAT(ErrorOf("features:\n  x: a\nlabel: a\ntask: regresion\n"),
              StartsWith("f.yaml:4:7: unknown task 'regresion'; did you mean 'regression'?"));
}

TEST(TransformSpecTest, RefusesWhatIsNotAFeaturesFile) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("a features file is a mapping"));
  EXPECT_THAT(ErrorOf("- a\n"), StartsWith("f.yaml:1:1: a features file is a mapping"));
  EXPECT_THAT(ErrorOf("label: a\n"), HasSubstr("there are no features"));
  EXPECT_THAT(ErrorOf("features:\n"), StartsWith("f.yaml:1:1: 'features' holds lines 'name: expression'"));
  EXPECT_THAT(ErrorOf("features:\n  x: [a, b]\n"),
              StartsWith("f.yaml:2:6: feature 'x' needs one expression"));
  EXPECT_THAT(ErrorOf("features:\n  x:\n"), StartsWith("f.yaml:2:3: feature 'x' needs one expression"));
  EXPECT_THAT(ErrorOf("features:\n  x: a\n  x: b\n"),
              HasSubstr("f.yaml:3:3: the feature 'x' is there twice, first in line 2"));
  EXPECT_THAT(ErrorOf("features:\n  x: a\nfeatures:\n  y: a\n"),
              HasSubstr("the key 'features' is there twice"));
  EXPECT_THAT(ErrorOf("features:\n  ../x: a\n"), StartsWith("f.yaml:2:3: a feature's name is made of"));
  EXPECT_THAT(ErrorOf("features:\n  __label__: a\n"), HasSubstr("a feature cannot be named '__label__'"));
  EXPECT_THAT(ErrorOf("features:\n  x: a\ntask: regression\n"),
              StartsWith("f.yaml:3:1: there is a task but no label"));
  EXPECT_THAT(ErrorOf("features:\n  x: \"a\n"), HasSubstr("not YAML"));
  EXPECT_THAT(ErrorOf(std::string(100, '[')), HasSubstr("nested too deep"));
}

TEST(TransformSpecTest, SaysWhereTheFileIsMissing) {
  const Result<TransformSpec> spec = ReadTransformSpec("/nonexistent/features.yaml");
  EXPECT_EQ(spec.status().code(), StatusCode::kNotFound) << spec.status();
  EXPECT_THAT(std::string(spec.status().message()), HasSubstr("/nonexistent/features.yaml"));
}

}  // namespace
}  // namespace penstock::transform
