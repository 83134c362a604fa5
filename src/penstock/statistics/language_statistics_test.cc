#include "penstock/statistics/language_statistics.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/combine/batches_testing.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/data/datasets_testing.h"

namespace penstock::statistics {
namespace {

namespace v0 = tensorflow::metadata::v0;
using combine::Batch;
using combine::ValueOrDie;
using testing::ElementsAre;
using testing::HasSubstr;

class LanguageStatisticsTest : public testing::Test {
 protected:
  void SetSchema(const std::string& domain) {
    ASSERT_TRUE(
        ParseTextProto("feature { name: 'words' type: BYTES natural_language_domain { " + domain + " } }",
                       "schema", schema_)
            .ok());
    options_.schema = &schema_;
    options_.vocab_paths["v"] = folder_.Write("v.txt", "the\nfox\nruns\n");
  }
  static Batch Words(const std::vector<std::vector<std::string>>& rows) {
    return combine::BatchMaker().TextLists("words", rows).Make();
  }
  v0::NaturalLanguageStatistics Of(const std::vector<Batch>& batches) {
    const auto combiner = ValueOrDie(LanguageStatistics::Make(*batches[0]->schema(), options_));
    const auto output = ValueOrDie(combiner.Finish(combine::StateOf(combiner, batches)));
    v0::NaturalLanguageStatistics statistics;
    EXPECT_EQ(output.features_size(), 1);
    EXPECT_EQ(output.features(0).custom_stats(0).name(), "nl_statistics");
    EXPECT_TRUE(output.features(0).custom_stats(0).any().UnpackTo(&statistics));
    return statistics;
  }

  data::TestFolder folder_;
  v0::Schema schema_;
  StatisticsOptions options_;
};

const char* const kDomain =
    "vocabulary: 'v' coverage { oov_string_tokens: '_' excluded_string_tokens: '<p>' } "
    "token_constraints { string_value: 'fox' } token_constraints { int_value: 2 } "
    "sequence_length_constraints { excluded_string_value: '<p>' }";

TEST_F(LanguageStatisticsTest, MeasuresCoverageLengthsAndTokens) {
  SetSchema(kDomain);
  const auto statistics =
      Of({Words({{"the", "fox", "_", "<p>"}, {"fox", "fox", "runs"}, {}}), Words({{"_", "_"}})});
  EXPECT_DOUBLE_EQ(statistics.feature_coverage(), 5.0 / 8);
  EXPECT_DOUBLE_EQ(statistics.avg_token_length(), (3 + 3 + 3 + 3 + 4) / 5.0);
  EXPECT_EQ(statistics.min_sequence_length(), 2);
  EXPECT_EQ(statistics.max_sequence_length(), 3);
  EXPECT_EQ(statistics.rank_histogram().buckets(0).label(), "fox");
  EXPECT_EQ(statistics.rank_histogram().buckets(0).sample_count(), 3);
  EXPECT_FALSE(statistics.token_length_histogram().buckets().empty());
  EXPECT_FALSE(statistics.sequence_length_histogram().buckets().empty());
}

TEST_F(LanguageStatisticsTest, FollowsTheTokensThatConstraintsName) {
  SetSchema(kDomain);
  const auto statistics = Of({Words({{"the", "fox"}, {"fox", "fox", "runs"}, {}, {"_"}})});
  ASSERT_EQ(statistics.token_statistics_size(), 2);
  const auto& runs = statistics.token_statistics(1);
  EXPECT_EQ(runs.int_token(), 2);
  EXPECT_EQ(runs.frequency(), 1);
  const auto& fox = statistics.token_statistics(0);
  EXPECT_EQ(fox.string_token(), "fox");
  EXPECT_EQ(fox.frequency(), 3);
  EXPECT_EQ(fox.fraction_of_sequences(), 0.5);
  EXPECT_EQ(fox.per_sequence_min_frequency(), 0) << "'_' has none";
  EXPECT_EQ(fox.per_sequence_max_frequency(), 2);
  EXPECT_EQ(fox.per_sequence_avg_frequency(), 1.5);
  ASSERT_EQ(fox.positions().buckets_size(), 3);
  EXPECT_EQ(fox.positions().buckets(2).low_value(), 0.5);
}

TEST_F(LanguageStatisticsTest, ReportsTheSequencesOfLeastCoverageAndShortestTokens) {
  SetSchema(kDomain);
  const auto statistics = Of({Words({{"the", "_"}, {"it's", "a\\b"}, {"_"}})});
  EXPECT_THAT(statistics.reported_sequences(), ElementsAre("['_']", "['the', '_']", "[\"it's\", 'a\\\\b']",
                                                           "['_']", "['the', '_']", "[\"it's\", 'a\\\\b']"));
}

TEST_F(LanguageStatisticsTest, ReadsNumbersByTheVocabulary) {
  SetSchema(kDomain);
  schema_.mutable_feature(0)->set_name("ids");
  const auto batch = combine::BatchMaker().Ints("ids", {0, 1, 7, std::nullopt}).Make();
  const auto statistics = Of({batch});
  EXPECT_DOUBLE_EQ(statistics.feature_coverage(), 2.0 / 3);
  EXPECT_THAT(statistics.reported_sequences(0), "[7]");
}

TEST_F(LanguageStatisticsTest, LeavesOutWhatIsNotText) {
  SetSchema(kDomain);
  const auto batch = Words({{"\xff"}});
  const auto combiner = ValueOrDie(LanguageStatistics::Make(*batch->schema(), options_));
  EXPECT_EQ(ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch}))).features_size(), 0);
  SetSchema("token_constraints { string_value: 'fox' }");
  schema_.mutable_feature(0)->mutable_natural_language_domain()->clear_vocabulary();
  schema_.mutable_feature(0)->mutable_natural_language_domain()->clear_coverage();
  EXPECT_TRUE(ValueOrDie(LanguageStatistics::Make(*batch->schema(), options_)).empty());
}

TEST_F(LanguageStatisticsTest, NamesTheVocabularyThatHasNoFile) {
  SetSchema("vocabulary: 'w'");
  const auto made = LanguageStatistics::Make(*Words({})->schema(), options_);
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("vocab_paths has no file"));
}

TEST_F(LanguageStatisticsTest, ObeysTheLawsOfCombiners) {
  SetSchema(kDomain);
  const std::vector<Batch> batches = {Words({{"the", "fox"}, {"_"}, {}}), Words({{"<p>", "runs", "fox"}}),
                                      Words({{"the"}, {"fox", "fox", "fox", "_"}, {"a"}})};
  const auto combiner = ValueOrDie(LanguageStatistics::Make(*batches[0]->schema(), options_));
  const auto same = [](const auto& a, const auto& b) {
    return SerializeDeterministically(a) == SerializeDeterministically(b);
  };
  combine::ExpectCombinerLaws(combiner, batches, same);
  combine::ExpectDamageIsTold(combiner, batches);
}

}  // namespace
}  // namespace penstock::statistics
