#include "penstock/transform/analyze_parts.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "penstock/transform/transform_testing.h"

namespace penstock::transform {
namespace {

constexpr char kYaml[] =
    "features:\n  a: scale_to_z_score(x)\n  b: bucketize(x, 4)\n  c: compute_and_apply_vocabulary(kind)\n"
    "  d: scale_to_0_1(bucketize(x, 3))\n";

data::Batch Day(int first) {
  Numbers x;
  Texts kind;
  for (int i = 0; i < 50; ++i) {
    x.emplace_back((first * 37 + i * 13) % 101);
    kind.emplace_back("kind" + std::to_string((first + i) % 7));
  }
  return MakeBatch({{"x", ArrayOf(x)}, {"kind", ArrayOf(kind)}});
}

/// Parts that fail when they are read, so that a test sees what is.
class UnreadableDataset final : public data::Dataset {
 public:
  explicit UnreadableDataset(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return 1; }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t) const override {
    return Internal("read though it is cached");
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
};

class AnalyzePartsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    for (int day = 0; day < 4; ++day) {
      days_.push_back(Day(day));
      datasets_.push_back(data::MakeInMemoryDataset(days_.back()->schema(), {days_.back()}));
    }
    plan_.emplace(*PlanTransform(*ParseTransformSpec(kYaml, "f.yaml"), *days_[0]->schema()));
  }
  std::vector<AnalyzedPart> Parts(int first, int count) const {
    std::vector<AnalyzedPart> parts;
    for (int day = first; day < first + count; ++day)
      parts.push_back({"day " + std::to_string(day), DigestOf("day " + std::to_string(day)),
                       datasets_[static_cast<size_t>(day)].get()});
    return parts;
  }

  const std::string folder_ =
      testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name() + "-analyze_parts";
  const AnalysisCache cache_{folder_};
  std::vector<data::Batch> days_;
  std::vector<std::unique_ptr<data::Dataset>> datasets_;
  std::optional<TransformPlan> plan_;
};

TEST_F(AnalyzePartsTest, ReadsOnlyWhatIsNewInARollingWindow) {
  std::vector<AnalysisUse> uses;
  ASSERT_TRUE(AnalyzeParts(*plan_, Parts(0, 3), cache_, {}, &uses).ok());
  EXPECT_EQ(uses.size(), 6u);  // Two passes over three days.
  for (const AnalysisUse& use : uses) EXPECT_FALSE(use.is_cached);
  uses.clear();
  const Result<TransformGraph> rolled = AnalyzeParts(*plan_, Parts(1, 3), cache_, {}, &uses);
  ASSERT_TRUE(rolled.ok()) << rolled.status();
  std::vector<bool> first_pass;
  for (const AnalysisUse& use : uses)
    if (use.pass == 1) first_pass.push_back(use.is_cached);
  EXPECT_EQ(first_pass, (std::vector<bool>{true, true, false}));
  // The same as without any cache.
  const AnalysisCache fresh(folder_ + "_fresh");
  std::filesystem::remove_all(folder_ + "_fresh");
  EXPECT_EQ(AnalyzeParts(*plan_, Parts(1, 3), fresh, {}, nullptr)->Serialize(), rolled->Serialize());
}

TEST_F(AnalyzePartsTest, GivesWhatOneAnalysisOfAllGives) {
  const Result<TransformGraph> in_parts = AnalyzeParts(*plan_, Parts(0, 4), cache_, {}, nullptr);
  const auto all = data::MakeInMemoryDataset(days_[0]->schema(), days_);
  const Result<TransformGraph> at_once = AnalyzeTransform(*plan_, *all, {});
  ASSERT_TRUE(in_parts.ok() && at_once.ok());
  const data::Batch want = *at_once->ApplyFeatures(days_[2]), have = *in_parts->ApplyFeatures(days_[2]);
  EXPECT_TRUE(have->column(1)->Equals(want->column(1)));
  EXPECT_TRUE(have->column(2)->Equals(want->column(2)));
  EXPECT_TRUE(have->column(0)->ApproxEquals(want->column(0)));
}

TEST_F(AnalyzePartsTest, ReadsNothingWhereAllIsKnown) {
  const std::string bytes = AnalyzeParts(*plan_, Parts(0, 3), cache_, {}, nullptr)->Serialize();
  const UnreadableDataset unreadable(days_[0]->schema());
  std::vector<AnalyzedPart> parts = Parts(0, 3);
  for (AnalyzedPart& part : parts) part.examples = &unreadable;
  const Result<TransformGraph> again = AnalyzeParts(*plan_, parts, cache_, {}, nullptr);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->Serialize(), bytes);
  const auto uses = FindCachedParts(*plan_, parts, cache_);
  ASSERT_TRUE(uses.ok());
  EXPECT_EQ(uses->size(), 6u);
}

TEST_F(AnalyzePartsTest, SaysWhatIsCachedUpToTheFirstPassThatReads) {
  ASSERT_TRUE(AnalyzeParts(*plan_, Parts(0, 2), cache_, {}, nullptr).ok());
  const auto uses = FindCachedParts(*plan_, Parts(0, 3), cache_);
  ASSERT_TRUE(uses.ok());
  ASSERT_EQ(uses->size(), 3u);
  EXPECT_TRUE((*uses)[1].is_cached);
  EXPECT_FALSE((*uses)[2].is_cached);
}

TEST_F(AnalyzePartsTest, ReadsAgainWhatIsDamagedOrOfAnotherFeaturesFile) {
  const std::string bytes = AnalyzeParts(*plan_, Parts(0, 2), cache_, {}, nullptr)->Serialize();
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) std::ofstream(entry.path()) << "x";
  EXPECT_EQ(AnalyzeParts(*plan_, Parts(0, 2), cache_, {}, nullptr)->Serialize(), bytes);
  const TransformPlan other = *PlanTransform(
      *ParseTransformSpec("features:\n  a: scale_to_z_score(x + 1)\n", "f.yaml"), *days_[0]->schema());
  std::vector<AnalysisUse> uses;
  ASSERT_TRUE(AnalyzeParts(other, Parts(0, 2), cache_, {}, &uses).ok());
  for (const AnalysisUse& use : uses) EXPECT_FALSE(use.is_cached);
}

}  // namespace
}  // namespace penstock::transform
