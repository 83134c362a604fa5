#include "penstock/learning/split_summary.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>

#include "penstock/base/random_bits.h"

namespace penstock::learning {
namespace {

constexpr uint64_t kSampleSeed = 0x5eed;

template <class T>
std::string_view BytesOf(const T* values, size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}

/// Weighted moments of labels, one after the other.
class LabelMoments {
 public:
  explicit LabelMoments(const Loss& loss)
      : is_class_(loss.kind == LossKind::kSoftmaxLogLoss), sums_(static_cast<size_t>(loss.num_outputs)) {}

  void Add(std::span<const double> labels, double weight) {
    if (is_class_) {
      sums_[static_cast<size_t>(labels[0])] += weight;
    } else {
      for (size_t j = 0; j < labels.size(); ++j) sums_[j] += weight * labels[j];
    }
    ++num_rows_;
    num_positive_ += labels[0] == 1 ? 1 : 0;
    least_ = std::min(least_, labels[0]);
    largest_ = std::max(largest_, labels[0]);
    if (weight == 0) return;
    // West 1979.
    const double total = weight_ + weight;
    const double difference = labels[0] - mean_;
    mean_ += difference * weight / total;
    squares_ += weight * difference * (labels[0] - mean_);
    weight_ = total;
  }

  void Merge(const LabelMoments& other) {
    for (size_t j = 0; j < sums_.size(); ++j) sums_[j] += other.sums_[j];
    num_rows_ += other.num_rows_;
    num_positive_ += other.num_positive_;
    least_ = std::min(least_, other.least_);
    largest_ = std::max(largest_, other.largest_);
    if (other.weight_ == 0) return;
    const double total = weight_ + other.weight_;
    const double difference = other.mean_ - mean_;
    squares_ += other.squares_ + difference * difference * weight_ * other.weight_ / total;
    mean_ += difference * other.weight_ / total;
    weight_ = total;
  }

  LabelSummary Finish() const {
    LabelSummary summary{.num_rows = num_rows_, .total_weight = weight_};
    for (const double sum : sums_) summary.means.push_back(weight_ > 0 ? sum / weight_ : 0);
    summary.deviation = weight_ > 0 ? std::sqrt(squares_ / weight_) : 0;
    summary.least = least_;
    summary.largest = largest_;
    summary.num_positive = num_positive_;
    return summary;
  }

 private:
  const bool is_class_;
  std::vector<double> sums_;
  int64_t num_rows_ = 0;
  int64_t num_positive_ = 0;
  double least_ = std::numeric_limits<double>::infinity();
  double largest_ = -std::numeric_limits<double>::infinity();
  double weight_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

/// Row `row` of `from` behind the last of `into`.
void AppendRow(const TrainingMatrix& from, int64_t row, TrainingMatrix& into) {
  const auto values = from.values.begin() + row * from.num_columns;
  into.values.insert(into.values.end(), values, values + from.num_columns);
  const auto labels = from.labels.begin() + row * from.num_labels;
  into.labels.insert(into.labels.end(), labels, labels + from.num_labels);
  if (!from.weights.empty()) into.weights.push_back(from.weights[static_cast<size_t>(row)]);
}

void AppendRows(const TrainingMatrix& from, TrainingMatrix& into) {
  into.values.insert(into.values.end(), from.values.begin(), from.values.end());
  into.labels.insert(into.labels.end(), from.labels.begin(), from.labels.end());
  into.weights.insert(into.weights.end(), from.weights.begin(), from.weights.end());
}

void Drop(TrainingMatrix& rows) {
  std::vector<float>().swap(rows.values);
  std::vector<double>().swap(rows.labels);
  std::vector<double>().swap(rows.weights);
}

/// Rows whose random number is below a bound, which is halved whenever there are too many: what is left in
/// the end does not hang on the order in which samples were merged.
class RowSample {
 public:
  explicit RowSample(TrainingMatrix empty) : rows_(std::move(empty)) {}

  void Add(const TrainingMatrix& from, int64_t row, uint64_t bits) {
    if (level_ > 0 && bits >> (64 - level_) != 0) return;
    AppendRow(from, row, rows_);
    bits_.push_back(bits);
    while (std::ssize(bits_) > SplitSummary::kMaxSampledRows) Raise(level_ + 1);
  }
  void Merge(RowSample& other) {
    Raise(std::max(level_, other.level_));
    other.Raise(level_);
    AppendRows(other.rows_, rows_);
    bits_.insert(bits_.end(), other.bits_.begin(), other.bits_.end());
    while (std::ssize(bits_) > SplitSummary::kMaxSampledRows) Raise(level_ + 1);
  }
  TrainingMatrix&& Take() && { return std::move(rows_); }

 private:
  void Raise(int level) {
    if (level == level_) return;
    level_ = level;
    TrainingMatrix kept = rows_;
    kept.values.clear();
    kept.labels.clear();
    kept.weights.clear();
    std::vector<uint64_t> kept_bits;
    for (size_t i = 0; i < bits_.size(); ++i) {
      if (bits_[i] >> (64 - level_) != 0) continue;
      AppendRow(rows_, static_cast<int64_t>(i), kept);
      kept_bits.push_back(bits_[i]);
    }
    rows_ = std::move(kept);
    bits_ = std::move(kept_bits);
  }

  int level_ = 0;  // Kept are the rows whose first so many bits are 0.
  TrainingMatrix rows_;
  std::vector<uint64_t> bits_;
};

/// What is known of some shards, one after the other.
struct Part {
  Part(const RowReader& reader, const Loss& loss)
      : labels(loss),
        columns(static_cast<size_t>(reader.num_columns())),
        sample(reader.Empty()),
        rows(reader.Empty()) {}

  void Merge(Part& other) {
    labels.Merge(other.labels);
    for (size_t i = 0; i < columns.size(); ++i) columns[i].Merge(other.columns[i]);
    sample.Merge(other.sample);
    AppendRows(other.rows, rows);
    rows.num_unlabeled += other.rows.num_unlabeled;
    num_rows_read += other.num_rows_read;
  }

  LabelMoments labels;
  std::vector<ColumnSummary> columns;
  RowSample sample;
  TrainingMatrix rows;
  DigestBuilder digest;
  int64_t num_rows_read = 0;
  std::optional<RefusedRow> refused;
};

class Summariser {
 public:
  Summariser(const data::Dataset& dataset, const RowReader& reader, const Loss& loss, int64_t max_rows,
             const ExecutionOptions& execution)
      : dataset_(dataset),
        reader_(reader),
        loss_(loss),
        max_rows_(max_rows),
        execution_(execution),
        all_(reader, loss),
        parts_(static_cast<size_t>(dataset.num_shards())) {}

  Result<SplitSummary> Run(const std::string& split_name) {
    PENSTOCK_RETURN_IF_ERROR(ParallelFor(dataset_.num_shards(), execution_, [&](int64_t shard) -> Status {
      auto part = std::make_unique<Part>(reader_, loss_);
      PENSTOCK_RETURN_IF_ERROR(ReadShard(shard, *part));
      MergeInOrder(shard, std::move(part));
      return OkStatus();
    }));
    if (all_.refused) return RefuseRow(split_name, all_.refused->row, all_.refused->what);
    SplitSummary summary;
    summary.num_unlabeled = all_.rows.num_unlabeled;
    summary.labels = all_.labels.Finish();
    PENSTOCK_RETURN_IF_ERROR(
        CheckNumExamples(split_name, all_.num_rows_read, summary.labels.num_rows, summary.num_unlabeled));
    summary.columns = std::move(all_.columns);
    summary.sample = std::move(all_.sample).Take();
    summary.digest = all_.digest.Finish();
    if (num_rows_ <= max_rows_) summary.rows = std::move(all_.rows);
    return summary;
  }

 private:
  Status ReadShard(int64_t shard, Part& part) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::unique_ptr<data::BatchReader> batches, dataset_.ReadShard(shard));
    const uint64_t seed = RandomBits(kSampleSeed, static_cast<uint64_t>(shard));
    std::vector<int64_t> queries;
    int64_t num_rows = 0;
    while (!part.refused) {
      PENSTOCK_RETURN_IF_ERROR(execution_.CheckCancelled());
      PENSTOCK_ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, batches->Next());
      if (!batch) break;
      TrainingMatrix rows = reader_.Empty();
      PENSTOCK_ASSIGN_OR_RETURN(part.refused, reader_.Append(*batch, rows, queries));
      if (part.refused) part.refused->row += part.num_rows_read;
      part.num_rows_read += (*batch)->num_rows();
      AddRows(rows, seed, num_rows, part);
      num_rows += rows.num_rows();
    }
    return OkStatus();
  }

  void AddRows(const TrainingMatrix& rows, uint64_t seed, int64_t first, Part& part) {
    part.digest.Add(BytesOf(rows.values.data(), rows.values.size()))
        .Add(BytesOf(rows.labels.data(), rows.labels.size()))
        .Add(BytesOf(rows.weights.data(), rows.weights.size()));
    const int64_t width = rows.num_columns;
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      const float* values = rows.values.data() + row * width;
      for (int64_t i = 0; i < width; ++i) part.columns[static_cast<size_t>(i)].Add(values[i]);
      part.labels.Add({rows.labels.data() + row * rows.num_labels, static_cast<size_t>(rows.num_labels)},
                      rows.weights.empty() ? 1 : rows.weights[static_cast<size_t>(row)]);
      part.sample.Add(rows, row, RandomBits(seed, static_cast<uint64_t>(first + row)));
    }
    part.rows.num_unlabeled += rows.num_unlabeled;
    if (num_rows_.fetch_add(rows.num_rows()) + rows.num_rows() <= max_rows_) {
      AppendRows(rows, part.rows);
    } else {
      Drop(part.rows);  // Too many in all, whatever the order: none is kept.
    }
  }

  /// Shards are merged as soon as all before them are, so that few wait in memory.
  void MergeInOrder(int64_t shard, std::unique_ptr<Part> part) {
    const std::lock_guard lock(mutex_);
    parts_[static_cast<size_t>(shard)] = std::move(part);
    for (; next_ < std::ssize(parts_) && parts_[static_cast<size_t>(next_)] != nullptr; ++next_) {
      std::unique_ptr<Part> next = std::move(parts_[static_cast<size_t>(next_)]);
      if (all_.refused) continue;
      if (next->refused)
        all_.refused = RefusedRow{all_.num_rows_read + next->refused->row, next->refused->what};
      all_.digest.Add(next->digest.Finish().ToHex());
      if (num_rows_ > max_rows_) {
        Drop(all_.rows);
        Drop(next->rows);
      }
      all_.Merge(*next);
    }
  }

  const data::Dataset& dataset_;
  const RowReader& reader_;
  const Loss& loss_;
  const int64_t max_rows_;
  const ExecutionOptions& execution_;
  std::atomic<int64_t> num_rows_{0};
  std::mutex mutex_;
  Part all_;                                  // Guarded by mutex_.
  std::vector<std::unique_ptr<Part>> parts_;  // Guarded by mutex_.
  int64_t next_ = 0;                          // Guarded by mutex_.
};

}  // namespace

double ColumnSummary::deviation() const {
  return count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count));
}

void ColumnSummary::Add(float value) {
  if (std::isnan(value)) {
    has_missing = true;
    return;
  }
  const double difference = value - mean;
  mean += difference / static_cast<double>(++count);
  squares += difference * (value - mean);
}

void ColumnSummary::Merge(const ColumnSummary& other) {
  has_missing |= other.has_missing;
  if (other.count == 0) return;
  const auto total = static_cast<double>(count + other.count);
  const double difference = other.mean - mean;
  squares += other.squares +
             difference * difference * static_cast<double>(count) * static_cast<double>(other.count) / total;
  mean += difference * static_cast<double>(other.count) / total;
  count += other.count;
}

LabelSummary LabelSummary::Of(const TrainingMatrix& matrix, const Loss& loss) {
  LabelMoments moments(loss);
  for (int64_t row = 0; row < matrix.num_rows(); ++row)
    moments.Add({matrix.labels.data() + row * matrix.num_labels, static_cast<size_t>(matrix.num_labels)},
                matrix.weights.empty() ? 1 : matrix.weights[static_cast<size_t>(row)]);
  return moments.Finish();
}

Result<SplitSummary> SummariseSplit(const data::Dataset& dataset, const std::string& split_name,
                                    const RowReader& reader, const Loss& loss, int64_t max_rows,
                                    const ExecutionOptions& execution) {
  return Summariser(dataset, reader, loss, max_rows, execution).Run(split_name);
}

}  // namespace penstock::learning
