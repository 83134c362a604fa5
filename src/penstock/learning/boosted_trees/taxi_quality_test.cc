// The whole way on real data: CSV, splits, transform, training, prediction.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>

#include <arrow/array.h>
#include <gtest/gtest.h>

#include "penstock/data/splits.h"
#include "penstock/learning/boosted_trees/boosted_trees_learner.h"
#include "penstock/transform/analyze_transform.h"
#include "tests/support/paths.h"

namespace penstock::learning {
namespace {

using data::Batch;

const std::string kData = tests::SourcePath(".deps/data/taxi/data.csv");
const std::string kFeatures = tests::SourcePath("examples/taxi/features.yaml");

/// The transformed examples of a dataset in memory.
class Transformed final : public data::Dataset {
 public:
  Transformed(const data::Dataset& raw, const transform::TransformGraph& graph) {
    const std::unique_ptr<data::BatchReader> reader = data::ReadSequentially(raw);
    while (std::optional<Batch> batch = *reader->Next()) batches_.push_back(*graph.Apply(*batch));
  }
  const std::shared_ptr<arrow::Schema>& schema() const override { return batches_[0]->schema(); }
  int64_t num_shards() const override { return static_cast<int64_t>(batches_.size()); }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override {
    const std::unique_ptr<data::Dataset> one = data::MakeInMemoryDataset(schema(), {batches_[shard]});
    return one->ReadShard(0);
  }

 private:
  std::vector<Batch> batches_;
};

struct Quality {
  double auc = 0;
  double log_loss = 0;
  double accuracy = 0;
};

/// Of pairs of probability and label; ties in probability count half.
Quality Measure(std::vector<std::pair<double, bool>> pairs) {
  std::sort(pairs.begin(), pairs.end());
  const auto size = static_cast<double>(pairs.size());
  Quality quality;
  double rank_sum = 0, num_positive = 0;
  for (size_t first = 0; first < pairs.size();) {
    size_t end = first;
    while (end < pairs.size() && pairs[end].first == pairs[first].first) ++end;
    for (size_t i = first; i < end; ++i) {
      const auto [probability, label] = pairs[i];
      if (label) rank_sum += (static_cast<double>(first + end) + 1) / 2;
      num_positive += label;
      quality.log_loss -= std::log(label ? probability : 1 - probability) / size;
      quality.accuracy += ((probability >= 0.5) == label) / size;
    }
    first = end;
  }
  quality.auc = (rank_sum - num_positive * (num_positive + 1) / 2) / (num_positive * (size - num_positive));
  return quality;
}

TEST(TaxiQualityTest, DefaultsBeatTheIssuesMeasures) {
  if (!std::filesystem::exists(kData)) GTEST_SKIP() << "No taxi data: run `make setup` for " << kData;
  const std::string folder = testing::TempDir() + "taxi_quality_test";
  const std::array<std::string, 1> csv{kData};
  const auto raw = *data::OpenDataset(csv, {}, {});
  const std::array<data::Split, 2> splits{{{"train", 2}, {"eval", 1}}};
  ASSERT_TRUE(data::WriteSplits(*raw, splits, folder, data::PayloadFormat::kParquet, {}).ok());
  const std::array<std::string, 1> train_files{data::SplitDirectory(folder, "train")};
  const std::array<std::string, 1> eval_files{data::SplitDirectory(folder, "eval")};
  const auto train = *data::OpenDataset(train_files, {}, {});
  const auto eval = *data::OpenDataset(eval_files, {}, {});
  const auto spec = transform::ReadTransformSpec(kFeatures);
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto graph =
      std::make_shared<const transform::TransformGraph>(*transform::AnalyzeTransform(*spec, *train, {}));
  const Transformed train_data(*train, *graph), eval_data(*eval, *graph);

  LearnerCatalog catalog("learner");
  ASSERT_TRUE(RegisterBoostedTreesLearner(catalog).ok());
  const SystemClock clock;
  ExecutionContext context{{}, clock};
  const auto trained =
      (**catalog.Find("boosted_trees"))
          ->Train({.train = &train_data, .eval = &eval_data, .transform = graph}, {}, context);
  ASSERT_TRUE(trained.ok()) << trained.status();

  std::vector<std::pair<double, bool>> pairs;
  const std::unique_ptr<data::BatchReader> reader = data::ReadSequentially(*eval);
  while (std::optional<Batch> batch = *reader->Next()) {
    const Batch predictions = *trained->model->Predict(*batch);
    const auto& probabilities = static_cast<const arrow::DoubleArray&>(*predictions->column(0));
    const auto labels = std::static_pointer_cast<arrow::DoubleArray>(*graph->Label(*batch));
    for (int64_t i = 0; i < probabilities.length(); ++i) {
      if (labels->IsValid(i)) pairs.emplace_back(probabilities.Value(i), labels->Value(i) == 1);
    }
  }
  const Quality quality = Measure(pairs);
  RecordProperty("auc", std::to_string(quality.auc));
  RecordProperty("log_loss", std::to_string(quality.log_loss));
  RecordProperty("accuracy", std::to_string(quality.accuracy));
  RecordProperty("training_seconds", std::to_string(trained->record.seconds));
  std::printf("taxi: auc %.4f, log loss %.4f, accuracy %.4f on %zu examples; %zu trees of %zu in %.2f s\n",
              quality.auc, quality.log_loss, quality.accuracy, pairs.size(),
              static_cast<size_t>(trained->record.best_iteration), trained->record.iterations.size(),
              trained->record.seconds);
  EXPECT_GE(quality.auc, 0.945);
  EXPECT_LE(quality.log_loss, 0.22);
  EXPECT_GE(quality.accuracy, 0.885);
  EXPECT_NEAR(quality.log_loss, trained->record.best_eval_loss, 1e-6);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penstock::learning
