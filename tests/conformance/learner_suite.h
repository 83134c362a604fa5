#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "penstock/learning/learner.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::learning {

/// A learner as the suite trains it. A new one is one entry of LearnerCases.
struct LearnerCase {
  std::string learner;
  nlohmann::json hyperparameters;  ///< Quick, and good enough for the suite's data.
  std::string features = "{a: a, b: b, kind: compute_and_apply_vocabulary(kind)}";
  bool has_label = true;
  bool ranks = false;
};
const std::vector<LearnerCase>& LearnerCases();
std::string NameOfCase(const testing::TestParamInfo<LearnerCase>& info);

struct TestExample {
  double a = 0;
  double b = 0;
  std::string kind;
  std::optional<double> y;
  double weight = 1;
};

/// y = 3a - 2b + 2 for kind "x" + noise; every eleventh `a` is NaN.
std::vector<TestExample> LinearExamples(uint32_t seed, int num_examples, double noise = 0.1);
data::Batch RawBatch(const std::vector<TestExample>& examples);

/// Batches in memory; each is a shard.
class TestShards final : public data::Dataset {
 public:
  explicit TestShards(std::vector<data::Batch> batches) : batches_(std::move(batches)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override;
  int64_t num_shards() const override { return static_cast<int64_t>(batches_.size()); }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override;

 private:
  std::vector<data::Batch> batches_;
};

/// One training on examples in memory, from raw to model.
class LearnerRun {
 public:
  explicit LearnerRun(const LearnerCase& test_case)
      : test_case(test_case), hyperparameters(test_case.hyperparameters) {}

  std::shared_ptr<const transform::TransformGraph> Graph() const;
  /// Transformed, in four shards and one that is empty.
  static TestShards Materialize(const transform::TransformGraph& graph,
                                const std::vector<TestExample>& examples);
  Result<TrainedModel> Train() const;
  TrainedModel Ok() const;
  std::string Refusal() const;

  LearnerCase test_case;
  std::string label = "label: y > 0\n";  ///< Lines of the features file before `features:`.
  std::vector<TestExample> train = LinearExamples(1, 1000);
  std::vector<TestExample> eval = LinearExamples(2, 500);
  nlohmann::json hyperparameters;
  int num_threads = 2;
  uint64_t seed = 5;
  const CancellationToken* cancellation = nullptr;
  std::string checkpoint_folder;
  std::shared_ptr<const model::Model> warm_start;
  std::function<bool(const IterationRecord&, FakeClock&)> on_iteration;
};

/// Labels of the features file for examples of LinearExamples: one class of three by y, and any of three.
inline constexpr char kSeveralClasses[] =
    "task: multiclass_classification\nlabel: if(y > 2, 'high', if(y < -2, 'low', 'middle'))\n";
inline constexpr char kAnyClasses[] = "label: {positive: y > 0, high: y > 3, low: y < -3}\n";

/// Side by side where there are several an example.
std::vector<double> PredictAll(const model::Model& model, const std::vector<TestExample>& examples);
/// Of probabilities for y > 0.
double AucOf(const std::vector<double>& predictions, const std::vector<TestExample>& examples);

}  // namespace penstock::learning
