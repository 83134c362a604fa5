#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/learning/row_reader.h"
#include "penstock/learning/training_matrix.h"
#include "penstock/model/network/input_encoder.h"

namespace penstock::learning {

/// Examples as a network in training reads them. A plain value.
struct EncodedExamples {
  model::EncodedRows rows;
  std::vector<double> labels;
  std::vector<double> weights;  ///< Empty: 1 each.
};

/// How rows of a split become examples: the network's inputs, its output's scale, weights of classes.
struct ExampleEncoder {
  model::NetworkShape shape;
  double label_shift = 0;
  double label_scale = 1;
  std::vector<double> class_weights;  ///< By label; empty: 1 each.

  EncodedExamples Encode(TrainingMatrix rows) const;
};

/// The examples of a split in windows: all of it in one that stays in memory, or, of larger splits, read from
/// disk in every pass, the next window while one is in use. Memory: two windows then. What a pass gives
/// depends on its seed alone. Not for concurrent use.
class ExampleSource {
 public:
  /// Of a split that is in memory.
  ExampleSource(const ExampleEncoder& encoder, TrainingMatrix rows);
  /// Of a split on disk, which must outlive this, as must `execution`. Windows are `window_rows` long but for
  /// the last.
  ExampleSource(ExampleEncoder encoder, const data::Dataset& dataset, RowReader reader, int64_t window_rows,
                const ExecutionOptions& execution);
  ~ExampleSource();

  /// Begins anew. From disk, the shards come in an order drawn from the seed, several of them side by side,
  /// so that a window mixes what lies far apart; without a seed as they lie.
  void StartPass(std::optional<uint64_t> seed);
  /// The next window; null after the last. It lives until the next call.
  Result<const EncodedExamples*> NextWindow();

 private:
  struct Cursor;
  Result<EncodedExamples> Load();
  Status LoadBatch(Cursor& cursor, TrainingMatrix& into);

  // Constant after construction.
  const ExampleEncoder encoder_;
  const data::Dataset* dataset_ = nullptr;
  std::optional<RowReader> reader_;
  int64_t window_rows_ = 0;
  const ExecutionOptions* execution_ = nullptr;

  EncodedExamples window_;
  bool is_given_ = false;  // Of the only window.
  // Touched by the loading thread only, while there is one.
  std::vector<int64_t> shards_;
  size_t next_shard_ = 0;
  std::vector<std::unique_ptr<Cursor>> cursors_;
  size_t next_cursor_ = 0;
  TrainingMatrix left_over_;
  std::future<Result<EncodedExamples>> loading_;
};

}  // namespace penstock::learning
