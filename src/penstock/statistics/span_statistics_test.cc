#include "penstock/statistics/span_statistics.h"

#include <fstream>

#include "penstock/base/proto_io.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/data/datasets_testing.h"
#include "penstock/statistics/statistics.h"

namespace penstock::statistics {
namespace {

using combine::ValueOrDie;
using data::TestFolder;
using testing::HasSubstr;

/// Days of 400 rows each, none like the other.
class SpansTest : public testing::Test {
 protected:
  Span Day(int day) {
    std::string csv = "fare,kind\n";
    for (int row = 0; row < 400; ++row)
      csv += std::to_string(day * 7.25 + row * 0.1) +
             (row % 3 == day % 3 ? ",cash\n" : ",card" + std::to_string(row % 50) + "\n");
    const std::string name = "day-" + std::to_string(day) + ".csv";
    return {"span " + std::to_string(day), {data_.Write(name, csv)}};
  }
  std::vector<Span> Days(int first, int last) {
    std::vector<Span> days;
    for (int day = first; day <= last; ++day) days.push_back(Day(day));
    return days;
  }
  SpanStatistics Compute(const std::vector<Span>& spans, const std::string& folder, int num_threads = 1) {
    SpanCaching caching;
    caching.folder = folder;
    return ValueOrDie(ComputeOverSpans(spans, {}, options_, caching, {.num_threads = num_threads}));
  }
  static std::string Sources(const SpanStatistics& statistics) {
    std::string text;
    for (const SpanRead& span : statistics.spans) text += span.from_cache ? 'c' : 'r';
    return text;
  }
  static std::string Bits(const SpanStatistics& statistics) {
    return SerializeDeterministically(statistics.list);
  }
  /// Overwrites every file of the cache whose name ends so.
  void Damage(const std::string& ending, const std::function<void(std::string&)>& change) {
    for (const auto& entry : ValueOrDie(fs::List(cache_.path()))) {
      if (!entry.path.ends_with(ending)) continue;
      std::string bytes = ValueOrDie(fs::ReadFile(entry.path));
      change(bytes);
      std::ofstream(entry.path, std::ios::binary) << bytes;
    }
  }

  TestFolder data_, cache_;
  StatisticsOptions options_;
};

TEST_F(SpansTest, ReadOnlyWhatIsNew) {
  const auto cold = Compute(Days(1, 3), cache_.path());
  EXPECT_EQ(Sources(cold), "rrr");
  EXPECT_EQ(cold.list.datasets(0).num_examples(), 1200u);
  const auto moved = Compute(Days(2, 4), cache_.path());
  EXPECT_EQ(Sources(moved), "ccr");
  EXPECT_EQ(Bits(moved), Bits(Compute(Days(2, 4), "")));
  EXPECT_EQ(Bits(moved), Bits(Compute(Days(2, 4), cache_.path(), 3)));
  EXPECT_THAT(ExplainSpans(moved.spans), HasSubstr("span 2: 1 file"));
  EXPECT_THAT(ExplainSpans(moved.spans), HasSubstr("read (not in the cache)\n2 of 3 from the cache"));
}

TEST_F(SpansTest, AgreeWithAllFilesAtOnceWhereAnswersAreExact) {
  const auto by_span = Compute(Days(1, 2), "");
  std::vector<std::string> files;
  for (const Span& day : Days(1, 2)) files.push_back(day.files[0]);
  const auto dataset = ValueOrDie(data::OpenDataset(files, {}, {}));
  const auto at_once = ValueOrDie(ComputeStatistics(*dataset, options_, {}));
  EXPECT_EQ(by_span.list.datasets(0).features(1).string_stats().unique(),
            at_once.datasets(0).features(1).string_stats().unique());
  EXPECT_EQ(by_span.list.datasets(0).features(0).num_stats().max(),
            at_once.datasets(0).features(0).num_stats().max());
}

TEST_F(SpansTest, ComputeAnewWhatIsDamagedForeignOrOfOtherContent) {
  const auto cold = Compute(Days(1, 2), cache_.path());
  for (const std::string ending : {".state", ".schema"}) {
    for (const auto& change : std::vector<std::function<void(std::string&)>>{
             [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; },
             [](std::string& bytes) { bytes.clear(); },
             [](std::string& bytes) { bytes.resize(bytes.size() - 1); },
             [](std::string& bytes) { bytes = "PAR1 of someone else"; },
             [](std::string& bytes) { bytes[0] = 99; }}) {
      Damage(ending, change);
      const auto again = Compute(Days(1, 2), cache_.path());
      EXPECT_EQ(Sources(again), "rr") << ending;
      EXPECT_EQ(Bits(again), Bits(cold));
      EXPECT_EQ(Sources(Compute(Days(1, 2), cache_.path())), "cc");
    }
  }
  auto days = Days(1, 2);
  data_.Write("day-2.csv", "fare,kind\n1.5,cash\n");
  EXPECT_EQ(Sources(Compute(days, cache_.path())), "cr");
}

TEST_F(SpansTest, AskForAnotherStateWhereTheOptionsDiffer) {
  EXPECT_EQ(Sources(Compute(Days(1, 1), cache_.path())), "r");
  options_.epsilon = 0.001;
  EXPECT_EQ(Sources(Compute(Days(1, 1), cache_.path())), "r");
  options_.slices = {{{"kind"}, {}}};
  const auto sliced = Compute(Days(1, 2), cache_.path());
  EXPECT_EQ(Sources(sliced), "rr");
  EXPECT_EQ(Bits(Compute(Days(1, 2), cache_.path())), Bits(sliced));
  EXPECT_EQ(Sources(Compute(Days(1, 2), cache_.path())), "cc");
  options_.sample_rate = 0.5;
  EXPECT_EQ(Sources(Compute(Days(1, 1), cache_.path())), "r");
}

TEST_F(SpansTest, SayWhichColumnsDiffer) {
  auto days = Days(1, 1);
  days.push_back({"span 2", {data_.Write("other.csv", "fare,kind\n1,cash\n")}});
  SpanCaching caching;
  const auto refused = ComputeOverSpans(days, {}, options_, caching, {});
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("'fare: double' in span 1 and 'fare: int64'"));
}

}  // namespace
}  // namespace penstock::statistics
