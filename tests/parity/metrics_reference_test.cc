// The textbook metrics against scikit-learn, Bleu and Rouge against sacrebleu and rouge-score: numbers
// recorded by metrics_reference.py.
#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/evaluation/evaluations_testing.h"
#include "tests/support/paths.h"

namespace penstock::evaluation {
namespace {

using combine::ValueOrDie;
using nlohmann::json;

json Reference() {
  std::ifstream file(tests::SourcePath("tests/parity/metrics_reference.json"));
  return json::parse(file, nullptr, false);
}

data::Batch Examples(const json& reference) {
  combine::BatchMaker maker;
  const auto optional = [](const json& values, auto kind) {
    std::vector<std::optional<decltype(kind)>> column;
    for (const json& value : values) column.emplace_back(value.get<decltype(kind)>());
    return column;
  };
  for (const auto& [name, values] : reference["columns"].items()) maker.Doubles(name, optional(values, 0.0));
  data::Batch batch = maker.Make();
  for (const auto& [name, values] : reference["lists"].items())
    batch = WithLists(batch, name, values.get<std::vector<std::vector<double>>>());
  return batch;
}

data::Batch Texts(const json& reference) {
  combine::BatchMaker maker;
  for (const auto& [name, values] : reference["texts"].items()) {
    std::vector<std::optional<std::string>> column;
    for (const json& value : values) column.emplace_back(value.get<std::string>());
    maker.Texts(name, column);
  }
  return maker.Make();
}

std::vector<double> NumbersOfFirst(const Evaluation& evaluation) {
  for (const auto& [key, value] : evaluation.slices.at(0).metrics) return NumbersOf(value);
  return {};
}

TEST(MetricsReferenceTest, AgreeWithTheTextbooks) {
  const json reference = Reference();
  ASSERT_TRUE(reference.is_object()) << "metrics_reference.json cannot be read";
  const data::Batch examples = Examples(reference), texts = Texts(reference);
  int num_cases = 0;
  for (const json& one : reference["cases"]) {
    const auto model = one["model"].get<std::string>();
    std::string config =
        ConfigOf(one["metric"].get<std::string>(), one["arguments"].get<std::string>(), model);
    if (const auto key = one["query_key"].get<std::string>(); !key.empty())
      config.insert(config.rfind("}]"), ", query_key: " + key);
    const auto evaluation = ValueOrDie(
        EvaluateBatches(config, {model.find("reference") == std::string::npos ? examples : texts}));
    const std::vector<double> numbers = NumbersOfFirst(evaluation);
    const std::vector<double> expected = one["expected"].is_array()
                                             ? one["expected"].get<std::vector<double>>()
                                             : std::vector<double>{one["expected"].get<double>()};
    ASSERT_EQ(numbers.size(), expected.size()) << one.dump();
    for (size_t i = 0; i < numbers.size(); ++i)
      EXPECT_NEAR(numbers[i], expected[i],
                  one["tolerance"].get<double>() * std::max(1.0, std::fabs(expected[i])))
          << one["metric"] << " " << model << " " << one["arguments"] << " [" << i << "]";
    ++num_cases;
  }
  EXPECT_GE(num_cases, 100);
}

}  // namespace
}  // namespace penstock::evaluation
