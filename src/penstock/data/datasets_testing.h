#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/data/dataset.h"

namespace penstock::data {

/// A folder of its own for one test, gone with it.
class TestFolder {
 public:
  TestFolder() : path_(fs::Join(testing::TempDir(), "penstock_data_" + NewUuid())) {
    EXPECT_TRUE(fs::CreateDirectories(path_).ok());
  }
  ~TestFolder() { fs::RemoveAll(path_).IgnoreError(); }

  std::string At(std::string_view name) const { return fs::Join(path_, name); }
  /// Writes a file; returns its path.
  std::string Write(std::string_view name, std::string_view content) const {
    std::ofstream(At(name), std::ios::binary) << content;
    return At(name);
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

inline Result<std::unique_ptr<Dataset>> Open(std::vector<std::string> paths,
                                             const DatasetOptions& options = {}, int num_threads = 2) {
  return OpenDataset(paths, options, {.num_threads = num_threads});
}

/// All rows, in order, as one table of one chunk a column.
inline Result<std::shared_ptr<arrow::Table>> ReadAll(const Dataset& dataset) {
  std::vector<Batch> batches;
  const auto reader = ReadSequentially(dataset);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(auto batch, reader->Next());
    if (!batch) break;
    EXPECT_TRUE((*batch)->ValidateFull().ok()) << (*batch)->ValidateFull().ToString();
    batches.push_back(*std::move(batch));
  }
  auto table = arrow::Table::FromRecordBatches(dataset.schema(), batches);
  EXPECT_TRUE(table.ok()) << table.status().ToString();
  return (*table)->CombineChunks().ValueOrDie();
}

inline Result<std::shared_ptr<arrow::Table>> ReadFiles(std::vector<std::string> paths,
                                                       const DatasetOptions& options = {},
                                                       int num_threads = 2) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, Open(std::move(paths), options, num_threads));
  return ReadAll(*dataset);
}

/// "int64: 1, null, 3": a column at one sight.
inline std::string Show(const arrow::Table& table, const std::string& column) {
  const auto values = table.GetColumnByName(column);
  if (values == nullptr) return "no such column";
  std::string text = values->type()->ToString() + ":";
  for (int64_t i = 0; i < values->length(); ++i)
    text += (i == 0 ? " " : ", ") + values->GetScalar(i).ValueOrDie()->ToString();
  return text;
}

MATCHER_P2(FailsWith, code, substring, "") {
  *result_listener << "status is " << arg.ToString();
  return arg.code() == code && testing::Matches(testing::HasSubstr(substring))(std::string(arg.message()));
}

}  // namespace penstock::data
