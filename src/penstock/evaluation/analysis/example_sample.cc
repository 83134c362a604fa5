#include "penstock/evaluation/analysis/example_sample.h"

#include <algorithm>
#include <numeric>

#include <arrow/table.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/random_bits.h"
#include "penstock/combine/row_groups.h"

namespace penstock::evaluation {
namespace {

// Examples with their draws; those of the lowest draws stay.
class Sample {
 public:
  Sample(int64_t size, uint64_t seed) : size_(size), seed_(RandomBits(seed)) {}

  Status Add(const data::Batch& batch) {
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      const uint64_t draw = RandomBits(seed_ + static_cast<uint64_t>(num_seen_++));
      if (draw >= limit_) continue;
      rows.push_back(row);
      draws_.push_back(draw);
    }
    if (rows.empty()) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(data::Batch taken, combine::TakeRows(batch, rows));
    batches_.push_back(std::move(taken));
    return static_cast<int64_t>(draws_.size()) > 2 * size_ ? Shrink() : OkStatus();
  }

  Result<data::Batch> Finish() {
    if (draws_.empty()) return InvalidArgument("There are no examples to look at");
    PENSTOCK_RETURN_IF_ERROR(Shrink());
    return batches_[0];
  }

 private:
  Status Shrink() {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto table, arrow::Table::FromRecordBatches(batches_));
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(data::Batch all, table->CombineChunksToBatch());
    if (static_cast<int64_t>(draws_.size()) > size_) {
      std::vector<uint64_t> sorted = draws_;
      const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(size_);
      std::nth_element(sorted.begin(), last, sorted.end());
      limit_ = *last;
      std::vector<int64_t> rows;
      for (size_t row = 0; row < draws_.size(); ++row)
        if (draws_[row] < limit_) rows.push_back(static_cast<int64_t>(row));
      std::erase_if(draws_, [&](uint64_t draw) { return draw >= limit_; });
      PENSTOCK_ASSIGN_OR_RETURN(all, combine::TakeRows(all, rows));
    }
    batches_ = {std::move(all)};
    return OkStatus();
  }

  const int64_t size_;
  const uint64_t seed_;
  int64_t num_seen_ = 0;
  uint64_t limit_ = ~uint64_t{0};  // Draws from here on are out.
  std::vector<uint64_t> draws_;
  std::vector<data::Batch> batches_;
};

}  // namespace

Result<data::Batch> SampleExamples(const data::Dataset& examples, int64_t max_examples, uint64_t seed,
                                   const ExecutionOptions& execution) {
  Sample sample(max_examples, seed);
  const auto reader = data::ReadSequentially(examples);
  while (true) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch.has_value()) return sample.Finish();
    PENSTOCK_RETURN_IF_ERROR(sample.Add(*batch));
  }
}

}  // namespace penstock::evaluation
