#include "penstock/learning/tuning/search_space.h"

#include <gmock/gmock.h>

namespace penstock::learning {
namespace {

using testing::HasSubstr;

SearchSpace Parsed(const std::string& yaml) {
  const auto space = ParseSearchSpace(yaml, "space.yaml");
  EXPECT_TRUE(space.ok()) << space.status();
  return space.value_or(SearchSpace{});
}

std::string Refusal(const std::string& yaml) {
  const Status status = ParseSearchSpace(yaml, "space.yaml").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << yaml;
  return std::string(status.message());
}

TEST(SearchSpaceTest, ReadsEveryType) {
  const SearchSpace space = Parsed(R"(
learner: dense
algorithm: random
max_trials: 7
parameters:
  learning_rate: {type: float, min: 0.001, max: 0.1, sampling: log}
  batch_size: {type: int, min: 32, max: 128, step: 32}
  hidden_units: {type: choice, values: ["16", "32,16"]}
  activation: [relu, tanh]
  batch_norm: {type: boolean}
  dropout: {type: fixed, value: 0.5}
  num_epochs: 3
)");
  EXPECT_EQ(space.max_trials, 7);
  ASSERT_EQ(space.parameters.size(), 7u);
  EXPECT_NEAR(space.parameters[0].At(0.5).get<double>(), 0.01, 1e-12);
  EXPECT_EQ(space.parameters[1].At(0.4), 64);
  EXPECT_EQ(space.parameters[2].At(0), "16");
  EXPECT_EQ(space.parameters[3].At(0.99), "tanh");
  EXPECT_EQ(space.parameters[4].At(0.6), true);
  EXPECT_EQ(space.parameters[5].At(0.3), 0.5);
  EXPECT_EQ(space.parameters[6].At(1), 3);
}

TEST(SearchSpaceTest, FindsTheWayBackToEveryValue) {
  const SearchSpace space = Parsed(
      "learner: x\nparameters: {a: {type: float, min: 1, max: 10, sampling: reverse_log}, b: {type: float, "
      "min: "
      "1, max: 100, sampling: log}, c: {type: int, min: 3, max: 9}, d: [p, q, r]}");
  for (const SearchParameter& parameter : space.parameters) {
    for (double share : {0.05, 0.3, 0.5, 0.77, 0.99}) {
      const nlohmann::json value = parameter.At(share);
      const nlohmann::json again = parameter.At(parameter.ShareOf(value));
      if (value.is_number_float())
        EXPECT_NEAR(again.get<double>(), value.get<double>(), 1e-9) << parameter.name;
      else
        EXPECT_EQ(again, value) << parameter.name;
    }
  }
}

TEST(SearchSpaceTest, GridTakesEveryStepOrFiveOfARange) {
  const SearchSpace space = Parsed(
      "learner: x\nparameters: {a: {type: int, min: 1, max: 4}, b: {type: float, min: 0, max: 1}, c: {type: "
      "float, min: 0, max: 1, step: 0.25}}");
  EXPECT_EQ(space.parameters[0].NumGridValues(), 4);
  EXPECT_EQ(space.parameters[0].GridValue(3), 4);
  EXPECT_EQ(space.parameters[1].NumGridValues(), 5);
  EXPECT_EQ(space.parameters[1].GridValue(4), 1.0);
  EXPECT_EQ(space.parameters[2].NumGridValues(), 5);
  EXPECT_EQ(space.parameters[2].GridValue(1), 0.25);
}

TEST(SearchSpaceTest, WritesKerasTunersConfiguration) {
  const SearchSpace space = Parsed(
      "learner: x\nparameters: {rate: {type: float, min: 0.1, max: 1}, size: {type: int, min: 1, max: 9}, "
      "mode: "
      "[a, b]}");
  const nlohmann::json written = space.ToKerasTuner({{"rate", 0.5}, {"size", 3}, {"mode", "b"}});
  EXPECT_EQ(written["values"]["mode"], "b");
  EXPECT_EQ(written["space"][0]["class_name"], "Float");
  EXPECT_EQ(written["space"][0]["config"],
            nlohmann::json::parse(R"({"name": "rate", "conditions": [], "default": 0.1, "min_value": 0.1,
                                      "max_value": 1.0, "step": null, "sampling": "linear"})"));
  EXPECT_EQ(written["space"][1]["config"]["step"], 1);
  EXPECT_EQ(written["space"][2]["config"]["values"], nlohmann::json({"a", "b"}));
  EXPECT_EQ(ReadHyperparameters(written.dump(), "f")->at("size"), 3);
}

TEST(SearchSpaceTest, NamesWhatIsWrongAndWhere) {
  EXPECT_THAT(Refusal("learner: x\nparameters: {}"), HasSubstr("space.yaml:2:13: the search space is empty"));
  EXPECT_THAT(Refusal("learner: x"), HasSubstr("search space is empty"));
  EXPECT_THAT(Refusal("parameters: {a: 1}"), HasSubstr("`learner` is missing"));
  EXPECT_THAT(Refusal("learner: x\nalgoritm: tpe\nparameters: {a: 1}"),
              HasSubstr("did you mean 'algorithm'"));
  EXPECT_THAT(Refusal("learner: x\nalgorithm: tpa\nparameters: {a: 1}"), HasSubstr("did you mean 'tpe'"));
  EXPECT_THAT(Refusal("learner: x\nparameters: {a: {type: floot, min: 1, max: 2}}"),
              HasSubstr("did you mean 'float'"));
  EXPECT_THAT(Refusal("learner: x\nparameters: {a: {type: float, min: 3, max: 2}}"),
              HasSubstr("range of 'a' is empty"));
  EXPECT_THAT(Refusal("learner: x\nparameters: {a: {type: float, min: 0, max: 2, sampling: log}}"),
              HasSubstr("min must be above 0"));
  EXPECT_THAT(Refusal("learner: x\nparameters: {a: {type: int, min: 0.5, max: 2}}"),
              HasSubstr("must be whole"));
  EXPECT_THAT(Refusal("learner: x\nparameters: {a: []}"), HasSubstr("needs a list of values"));
  EXPECT_THAT(Refusal("learner: [\n"), HasSubstr("not YAML"));
}

TEST(SearchSpaceTest, HoldsTheSpaceAgainstTheLearner) {
  const std::vector<HyperparameterDescription> known{{"rate", "", 0.1, 0.01, 1.0},
                                                     {"mode", "", "a", 0, 0, {"a", "b"}}};
  const auto refusal = [&](const std::string& parameters) {
    const SearchSpace space = Parsed("learner: x\nparameters: " + parameters);
    return std::string(CheckSearchSpace(space, known, "space.yaml").message());
  };
  EXPECT_EQ(refusal("{rate: {type: float, min: 0.01, max: 1}, mode: [a, b]}"), "");
  EXPECT_THAT(refusal("{rat: 1}"), HasSubstr("did you mean 'rate'"));
  EXPECT_THAT(refusal("{rate: {type: float, min: 0.01, max: 2}}"), HasSubstr("from 0.01 to 1, not 2"));
  EXPECT_THAT(refusal("{mode: [a, c]}"), HasSubstr("must be one of a, b, not 'c'"));
}

}  // namespace
}  // namespace penstock::learning
