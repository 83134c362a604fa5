#include "penstock/learning/network/example_source.h"

#include <algorithm>
#include <numeric>

#include "penstock/base/random_bits.h"
#include "penstock/learning/class_weights.h"

namespace penstock::learning {
namespace {

// Shards that are read side by side.
constexpr size_t kMaxCursors = 8;

/// Moves the rows from `first` on to the front.
void DropFirst(int64_t first, TrainingMatrix& rows) {
  rows.values.erase(rows.values.begin(), rows.values.begin() + first * rows.num_columns);
  rows.labels.erase(rows.labels.begin(), rows.labels.begin() + first * rows.num_labels);
  if (!rows.weights.empty()) rows.weights.erase(rows.weights.begin(), rows.weights.begin() + first);
}

/// The rows before `count`.
TrainingMatrix First(int64_t count, const TrainingMatrix& rows) {
  TrainingMatrix first;
  first.num_columns = rows.num_columns;
  first.num_labels = rows.num_labels;
  first.values.assign(rows.values.begin(), rows.values.begin() + count * rows.num_columns);
  first.labels.assign(rows.labels.begin(), rows.labels.begin() + count * rows.num_labels);
  if (!rows.weights.empty()) first.weights.assign(rows.weights.begin(), rows.weights.begin() + count);
  return first;
}

}  // namespace

EncodedExamples ExampleEncoder::Encode(TrainingMatrix rows) const {
  EncodedExamples examples;
  examples.rows = model::EncodeRows(shape, rows.values);
  std::vector<float>().swap(rows.values);
  examples.weights = std::move(rows.weights);
  MultiplyClassWeights(class_weights, rows.labels, examples.weights);
  examples.labels = std::move(rows.labels);
  if (label_shift != 0 || label_scale != 1)
    for (double& label : examples.labels) label = (label - label_shift) / label_scale;
  return examples;
}

struct ExampleSource::Cursor {
  std::unique_ptr<data::BatchReader> batches;
};

ExampleSource::ExampleSource(const ExampleEncoder& encoder, TrainingMatrix rows)
    : encoder_(encoder), window_(encoder.Encode(std::move(rows))) {}

ExampleSource::ExampleSource(ExampleEncoder encoder, const data::Dataset& dataset, RowReader reader,
                             int64_t window_rows, const ExecutionOptions& execution)
    : encoder_(std::move(encoder)),
      dataset_(&dataset),
      reader_(std::move(reader)),
      window_rows_(window_rows),
      execution_(&execution) {}

ExampleSource::~ExampleSource() {
  if (loading_.valid()) loading_.wait();
}

void ExampleSource::StartPass(std::optional<uint64_t> seed) {
  is_given_ = false;
  if (dataset_ == nullptr) return;
  if (loading_.valid()) loading_.wait();
  shards_.resize(static_cast<size_t>(dataset_->num_shards()));
  std::iota(shards_.begin(), shards_.end(), int64_t{0});
  for (size_t i = shards_.size(); seed && i > 1; --i)
    std::swap(shards_[i - 1], shards_[RandomBits(*seed, i) % i]);
  next_shard_ = 0;
  cursors_.clear();
  next_cursor_ = 0;
  left_over_ = reader_->Empty();
  loading_ = std::async(std::launch::async, [this] { return Load(); });
}

Result<const EncodedExamples*> ExampleSource::NextWindow() {
  if (dataset_ == nullptr) {
    const bool is_given = std::exchange(is_given_, true);
    return is_given ? nullptr : &window_;
  }
  if (!loading_.valid()) return nullptr;
  PENSTOCK_ASSIGN_OR_RETURN(window_, loading_.get());
  const bool is_last = window_.rows.num_rows < window_rows_;
  if (!is_last) loading_ = std::async(std::launch::async, [this] { return Load(); });
  return window_.rows.num_rows == 0 ? nullptr : &window_;
}

Status ExampleSource::LoadBatch(Cursor& cursor, TrainingMatrix& into) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, cursor.batches->Next());
  if (!batch) {
    cursor.batches.reset();
    return OkStatus();
  }
  std::vector<int64_t> queries;
  PENSTOCK_ASSIGN_OR_RETURN(const auto refused, reader_->Append(*batch, into, queries));
  // The first pass refused nothing.
  return refused ? InvalidArgument("The examples changed while they were learned from: {}", refused->what)
                 : OkStatus();
}

Result<EncodedExamples> ExampleSource::Load() {
  TrainingMatrix rows = std::move(left_over_);
  left_over_ = reader_->Empty();
  while (rows.num_rows() < window_rows_) {
    PENSTOCK_RETURN_IF_ERROR(execution_->CheckCancelled());
    while (cursors_.size() < kMaxCursors && next_shard_ < shards_.size()) {
      auto cursor = std::make_unique<Cursor>();
      PENSTOCK_ASSIGN_OR_RETURN(cursor->batches, dataset_->ReadShard(shards_[next_shard_++]));
      cursors_.push_back(std::move(cursor));
    }
    if (cursors_.empty()) break;
    next_cursor_ %= cursors_.size();
    PENSTOCK_RETURN_IF_ERROR(LoadBatch(*cursors_[next_cursor_], rows));
    if (cursors_[next_cursor_]->batches == nullptr) {
      cursors_.erase(cursors_.begin() + static_cast<std::ptrdiff_t>(next_cursor_));
    } else {
      ++next_cursor_;
    }
  }
  if (rows.num_rows() > window_rows_) {
    left_over_ = rows;
    DropFirst(window_rows_, left_over_);
    rows = First(window_rows_, rows);
  }
  return encoder_.Encode(std::move(rows));
}

}  // namespace penstock::learning
