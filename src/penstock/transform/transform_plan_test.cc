#include "penstock/transform/transform_plan.h"

#include <gmock/gmock.h>

#include "penstock/transform/program.h"
#include "penstock/transform/transform_testing.h"

namespace penstock::transform {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

arrow::Schema TaxiSchema() {
  return arrow::Schema(
      {arrow::field("trip_miles", arrow::float64()), arrow::field("trip_start_hour", arrow::int64()),
       arrow::field("company", arrow::utf8()), arrow::field("is_shared", arrow::boolean()),
       arrow::field("empty", arrow::null()), arrow::field("tags", arrow::list(arrow::utf8())),
       arrow::field("day", arrow::date32()), arrow::field("twice", arrow::int64()),
       arrow::field("twice", arrow::int64()), arrow::field("mean", arrow::float32())});
}

Result<TransformPlan> Plan(const std::string& yaml) {
  PENSTOCK_ASSIGN_OR_RETURN(const TransformSpec spec, ParseTransformSpec(yaml, "f.yaml"));
  return PlanTransform(spec, TaxiSchema());
}

std::string ErrorOf(const std::string& expression) {
  const Result<TransformPlan> plan = Plan("features:\n  x: |\n    " + expression + "\n");
  return plan.ok() ? "ok" : std::string(plan.status().message());
}

TEST(TransformPlanTest, SuggestsTheNearestNames) {
  EXPECT_EQ(ErrorOf("log(trip_mils + 1)"),
            "f.yaml:3:9: feature 'x': there is no column named 'trip_mils'; did you mean 'trip_miles'?\n"
            "  log(trip_mils + 1)\n"
            "      ^^^^^^^^^");
  EXPECT_EQ(ErrorOf("1 + scale_to_zscore(trip_miles)"),
            "f.yaml:3:9: feature 'x': there is no function named 'scale_to_zscore'; did you mean "
            "'scale_to_z_score'?\n"
            "  1 + scale_to_zscore(trip_miles)\n"
            "      ^^^^^^^^^^^^^^^");
  EXPECT_THAT(ErrorOf("compute_and_apply_vocabulary(company, topk=3)"),
              StartsWith("f.yaml:3:43: feature 'x': compute_and_apply_vocabulary has no argument 'topk'; did "
                         "you mean 'top_k'?"));
  EXPECT_THAT(ErrorOf("log + 1"), HasSubstr("'log' is a function; it is called as log(x)"));
}

TEST(TransformPlanTest, NamesBothTypesAtOdds) {
  EXPECT_EQ(ErrorOf("scale_to_z_score(company)"),
            "f.yaml:3:22: feature 'x': scale_to_z_score takes a number, but 'company' is text; use float(..) "
            "where the text "
            "holds numbers\n"
            "  scale_to_z_score(company)\n"
            "                   ^^^^^^^");
  EXPECT_THAT(ErrorOf("company + 1"), HasSubstr("'+' takes numbers, but 'company' is text"));
  EXPECT_THAT(ErrorOf("company == 1"),
              HasSubstr("'==' takes two values of one type, and the first is text, but this is an integer"));
  EXPECT_THAT(ErrorOf("trip_miles and is_shared"),
              HasSubstr("'and' takes a boolean, but 'trip_miles' is a number"));
  EXPECT_THAT(ErrorOf("one_hot(trip_miles, 3)"),
              HasSubstr("one_hot takes an integer, but 'trip_miles' is a number"));
  EXPECT_THAT(ErrorOf("hash_strings(trip_miles, 3)"),
              HasSubstr("takes text or integers, but 'trip_miles' is a number"));
  EXPECT_THAT(ErrorOf("is_shared * 2"), HasSubstr("'*' takes numbers, but 'is_shared' is a boolean"));
  EXPECT_THAT(ErrorOf("if(is_shared, company, 1)"), HasSubstr("if takes two values of one type"));
  EXPECT_THAT(ErrorOf("log(one_hot(trip_start_hour, 3))"),
              HasSubstr("log takes a number, but this is a vector"));
  EXPECT_THAT(ErrorOf("one_hot(trip_start_hour, 3) == 1"), HasSubstr("but this is a vector"));
  EXPECT_THAT(ErrorOf("company"), HasSubstr("a feature must be a number, and this is text"));
}

TEST(TransformPlanTest, RefusesWrongArguments) {
  EXPECT_THAT(ErrorOf("log()"), HasSubstr("the argument 'x' is missing: log(x)"));
  EXPECT_THAT(ErrorOf("log(1, 2)"), HasSubstr("one argument too many for log(x)"));
  EXPECT_THAT(ErrorOf("log(1, x=2)"), HasSubstr("the argument 'x' is given twice"));
  EXPECT_THAT(ErrorOf("log(x=1, 2)"), HasSubstr("the argument 'x' is given twice"));
  EXPECT_THAT(ErrorOf("bucketize(trip_miles, 1)"), HasSubstr("num_buckets must be at least 2"));
  EXPECT_THAT(ErrorOf("bucketize(trip_miles, trip_start_hour)"),
              HasSubstr("num_buckets must be an integer written out"));
  EXPECT_THAT(ErrorOf("compute_and_apply_vocabulary(company, 10)"),
              HasSubstr("give this argument by its name"));
  EXPECT_THAT(ErrorOf("compute_and_apply_vocabulary(company, top_k=0)"),
              HasSubstr("top_k must be at least 1"));
  EXPECT_THAT(ErrorOf("one_hot(trip_start_hour, 100000)"), HasSubstr("depth must be at most 4096"));
  EXPECT_THAT(ErrorOf("hash_strings(company, -5)"), HasSubstr("hash_buckets must be at least 1"));
  EXPECT_THAT(ErrorOf("scale_by_min_max(trip_miles, 2, -2)"),
              HasSubstr("output_min must be below output_max"));
  EXPECT_THAT(ErrorOf("cross(company)"), HasSubstr("the argument 'y' is missing: cross(x, y, ...)"));
}

TEST(TransformPlanTest, RefusesColumnsItCannotRead) {
  EXPECT_THAT(ErrorOf("is_missing(tags)"),
              HasSubstr("a feature must be one number an example, and this is a list"));
  EXPECT_THAT(ErrorOf("is_missing(day)"),
              HasSubstr("column 'day' is of type date32[day], which expressions do not read"));
  EXPECT_THAT(ErrorOf("twice"), HasSubstr("the data has two columns named 'twice'"));
}

TEST(TransformPlanTest, TakesTheTypeOfAnEmptyColumnFromItsUse) {
  EXPECT_EQ(ErrorOf("empty"), "ok");
  EXPECT_EQ(ErrorOf("hash_strings(empty, 10)"), "ok");
  EXPECT_EQ(ErrorOf("impute(empty, 'none') == 'none'"), "ok");
  EXPECT_EQ(ErrorOf("if(empty, empty + 1, empty)"), "ok");
}

TEST(TransformPlanTest, MakesEqualSubexpressionsOne) {
  const Result<TransformPlan> plan = Plan(
      "features:\n"
      "  a: scale_to_z_score(log1p(trip_miles))\n"
      "  b: scale_to_0_1(log1p(trip_miles))\n"
      "  c: impute(log1p(trip_miles), mean)\n"
      "  d: scale_to_z_score(log1p(trip_miles))\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  // The column, its log1p, and the three that differ; one analysis serves all.
  EXPECT_EQ(plan->program().nodes.size(), 5u);
  EXPECT_EQ(plan->program().analyses.size(), 1u);
  EXPECT_EQ(plan->program().features[0].node, plan->program().features[3].node);
  EXPECT_EQ(plan->num_passes(), 1);
}

TEST(TransformPlanTest, CountsPassesByNesting) {
  EXPECT_EQ(Plan("features:\n  a: trip_miles\n")->num_passes(), 0);
  EXPECT_EQ(
      Plan("features:\n  a: scale_to_z_score(impute(trip_miles, median))\n  b: bucketize(trip_miles, 3)\n")
          ->num_passes(),
      2);
  EXPECT_EQ(
      Plan("features:\n  a: scale_to_0_1(float(bucketize(impute(trip_miles, `mean`), 4)))\n")->num_passes(),
      2);
}

TEST(TransformPlanTest, TellsMeanTheWordFromMeanTheColumn) {
  const Result<TransformPlan> word = Plan("features:\n  a: impute(trip_miles, mean)\n");
  EXPECT_THAT(word->input_columns(), ElementsAre(InputColumn{"trip_miles", ValueType::kNumber}));
  const Result<TransformPlan> column = Plan("features:\n  a: impute(trip_miles, `mean`)\n");
  EXPECT_THAT(column->input_columns(), ElementsAre(InputColumn{"mean", ValueType::kNumber},
                                                   InputColumn{"trip_miles", ValueType::kNumber}));
}

TEST(TransformPlanTest, TakesTheTaskFromTheLabel) {
  EXPECT_EQ(Plan("label: trip_miles > 3\nfeatures:\n  a: trip_miles\n")->program().task,
            Task::kBinaryClassification);
  EXPECT_EQ(Plan("label: trip_miles\nfeatures:\n  a: trip_miles\n")->program().task, Task::kRegression);
  EXPECT_EQ(Plan("label: trip_start_hour\ntask: binary_classification\nfeatures:\n  a: trip_miles\n")
                ->program()
                .task,
            Task::kBinaryClassification);
  EXPECT_THAT(std::string(Plan("label: company\nfeatures:\n  a: trip_miles\n").status().message()),
              StartsWith("f.yaml:1:8: label: this is text; compare it with the class to find"));
}

TEST(CheckTransformSpecTest, FindsWhatNoDataCanMend) {
  const auto check = [](const std::string& yaml) {
    const auto spec = ParseTransformSpec(yaml, "f.yaml");
    return spec.ok() ? CheckTransformSpec(*spec) : spec.status();
  };
  EXPECT_TRUE(
      check(
          "label: tips > fare * 0.2\nfeatures:\n  a: fare\n  b: one_hot(compute_and_apply_vocabulary(x), 8)\n"
          "  c: hash_strings(cross(h, d), hash_buckets=10)\n  d: bucketize(log1p(m / (fare + 1)), "
          "num_buckets=4)\n"
          "  e: scale_to_z_score(impute(t, mean))\n  f: if(is_missing(x), 0, 1)\n")
          .ok());
  EXPECT_THAT(std::string(check("features:\n  z: lgo(x)\n").message()),
              testing::HasSubstr("did you mean 'log'?"));
  EXPECT_EQ(check("features:\n  z: log(x, y, z)\n").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(check("features:\n  z: log('text')\n").code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::transform
