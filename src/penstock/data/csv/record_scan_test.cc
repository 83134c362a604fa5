#include "penstock/data/csv/record_scan.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/data/csv/tokenizer.h"

namespace penstock::data::csv {
namespace {

/// Record starts by the plain definition, one byte after the other.
std::vector<int64_t> StartsByDefinition(const std::string& text) {
  std::vector<int64_t> starts{0};
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_quoted) {
      if (text[i] != '"') continue;
      if (i + 1 < text.size() && text[i + 1] == '"') {
        ++i;
      } else {
        is_quoted = false;
      }
    } else if (text[i] == '"') {
      is_quoted = i == 0 || text[i - 1] == ',' || text[i - 1] == '\n';
    } else if (text[i] == '\n' && i + 1 < text.size()) {
      starts.push_back(static_cast<int64_t>(i) + 1);
    }
  }
  return starts;
}

std::vector<int64_t> Expected(const std::string& text, int64_t block_bytes) {
  std::vector<int64_t> bounds;
  int64_t next_block = 0;
  for (const int64_t start : StartsByDefinition(text)) {
    if (start < next_block) continue;
    bounds.push_back(start);
    next_block = (start / block_bytes + 1) * block_bytes;
  }
  bounds.push_back(static_cast<int64_t>(text.size()));
  return bounds;
}

std::string RandomCsv(std::mt19937& random, int num_rows) {
  static constexpr const char* kCells[] = {"1",         "",          "\"\"",     "\"a,b\"",
                                           "\"x\ny\"",  "\"\"\"\"",  "5\" pipe", "\"he said \"\"no\"\"\n\"",
                                           "long text", "\"\n\n\n\""};
  std::string text;
  for (int row = 0; row < num_rows; ++row) {
    for (int column = 0; column < 3; ++column)
      text += std::string(column == 0 ? "" : ",") + kCells[random() % std::size(kCells)];
    text += row % 5 == 0 ? "\r\n" : "\n";
  }
  return text;
}

TEST(RecordScanTest, FindsTheSameRecordStartsAsTheDefinitionWhateverTheBlocks) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    const std::string text = RandomCsv(random, 1 + static_cast<int>(random() % 30));
    const auto source = FileSource::FromMemory("data.csv", text);
    for (const int64_t block : {1, 2, 3, 7, 16, 64, 1000}) {
      const auto ranges = FindRecordRanges(source, 0, ',', block, {.num_threads = 3});
      ASSERT_TRUE(ranges.ok());
      EXPECT_EQ(ranges->unterminated_quote, -1);
      ASSERT_EQ(ranges->bounds, Expected(text, block)) << "block " << block << " of:\n" << text;
    }
  }
}

TEST(RecordScanTest, NamesWhereAQuoteWasLeftOpen) {
  const std::string text = "a,b\n\"x\",1\n2,\"open\n3,4\n5,6\n";
  for (const int64_t block : {1, 4, 100}) {
    const auto ranges =
        FindRecordRanges(FileSource::FromMemory("data.csv", text), 0, ',', block, {.num_threads = 2});
    ASSERT_TRUE(ranges.ok());
    EXPECT_EQ(ranges->unterminated_quote, static_cast<int64_t>(text.find("\"open")));
  }
}

TEST(TokenizerTest, CutsWhatTheScannerCut) {
  std::mt19937 random(2);
  for (int round = 0; round < 60; ++round) {
    const std::string text = RandomCsv(random, 1 + static_cast<int>(random() % 40));
    PaddedBytes bytes;
    bytes.Assign(text);
    Tokenizer tokenizer(',', 3);
    tokenizer.Reset(bytes);
    CellGrid grid;
    std::vector<int64_t> starts;
    do {
      ASSERT_FALSE(tokenizer.Next(1 + static_cast<int64_t>(random() % 9), grid).has_value());
      for (int64_t row = 0; row < grid.num_rows; ++row) starts.push_back(grid.RecordStart(row));
    } while (grid.num_rows > 0);
    ASSERT_EQ(starts, StartsByDefinition(text)) << text;
  }
}

TEST(TokenizerTest, GivesCellsWithoutTheirLineEnds) {
  PaddedBytes bytes;
  bytes.Assign("a,\"b\"\"\n\",c\r\n\n\r\n,,\n1,2,3");
  Tokenizer tokenizer(',', 3);
  tokenizer.Reset(bytes);
  CellGrid grid;
  ASSERT_FALSE(tokenizer.Next(100, grid).has_value());
  ASSERT_EQ(grid.num_rows, 3);
  auto text = [&](int64_t row, int column) {
    const Cell cell = grid.At(row, column);
    return std::string(cell.begin, cell.end);
  };
  EXPECT_EQ(text(0, 1), "\"b\"\"\n\"");
  EXPECT_EQ(text(0, 2), "c");
  EXPECT_EQ(text(1, 0), "");
  EXPECT_EQ(text(1, 2), "");
  EXPECT_EQ(text(2, 2), "3");
}

}  // namespace
}  // namespace penstock::data::csv
