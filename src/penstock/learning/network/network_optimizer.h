#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "penstock/learning/network/chunk_pass.h"
#include "penstock/learning/network/network_options.h"
#include "penstock/learning/worker_team.h"
#include "penstock/model/network/network.h"

namespace penstock::learning {

/// The parameters of a network in training and what Adam (Kingma, Ba 2015) knows of each. A plain value.
struct NetworkState {
  std::vector<float> parameters;
  std::vector<float> first_moments;
  std::vector<float> second_moments;
  int64_t num_steps = 0;
};

/// Makes one step out of the gradients of a mini-batch's chunks. Of a table only the rows that the mini-batch
/// used move ("lazy Adam"). Sums run in the order of the chunks, so that the bits do not depend on threads.
class NetworkOptimizer {
 public:
  NetworkOptimizer(const model::NetworkShape& shape, const model::NetworkLayout& layout,
                   const NetworkOptions& options);

  /// `picked` are the mini-batch's examples; chunk i was run on [i * ChunkPass::kRows, ...).
  void Step(std::span<const ChunkPass> chunks, const model::EncodedRows& rows,
            std::span<const int64_t> picked, double learning_rate, WorkerTeam& team, NetworkState& state);

 private:
  /// The gradients of the rows of an id input's tables that a mini-batch uses.
  struct TableGradient {
    std::vector<int32_t> place_of_id;  // In `touched`, or -1.
    std::vector<int32_t> touched;
    std::vector<float> wide;
    std::vector<float> embedding;
    double squares = 0;
  };
  void ReduceDense(std::span<const ChunkPass> chunks, int64_t range, const NetworkState& state);
  void ReduceTable(std::span<const ChunkPass> chunks, const model::EncodedRows& rows,
                   std::span<const int64_t> picked, int64_t slot, const NetworkState& state);
  void MoveDense(int64_t range, NetworkState& state) const;
  void MoveTable(int64_t slot, NetworkState& state);
  void Move(int64_t offset, const float* gradients, int64_t size, bool is_penalised,
            NetworkState& state) const;
  void TakeNormStatistics(std::span<const ChunkPass> chunks, NetworkState& state) const;

  const model::NetworkShape& shape_;
  const model::NetworkLayout& layout_;
  const double l1_;
  const double l2_;
  const double clip_norm_;
  std::vector<bool> is_penalised_;          // Dense parameters: weights are, biases and norms are not.
  std::vector<int64_t> embedding_columns_;  // Where in the deep input an id's embedding begins.
  std::vector<float> gradient_;
  std::vector<double> squares_;
  std::vector<TableGradient> tables_;
  double rate_ = 0;     // Of this step, with Adam's corrections.
  double epsilon_ = 0;  // Of this step.
  double plain_rate_ = 0;
  float clip_factor_ = 1;
};

}  // namespace penstock::learning
