#include "penstock/learning/network/network_optimizer.h"

#include <algorithm>
#include <cmath>

namespace penstock::learning {
namespace {

constexpr double kFirstDecay = 0.9;
constexpr double kSecondDecay = 0.999;
constexpr double kEpsilon = 1e-7;
constexpr int64_t kRange = 8192;
// How much of a norm's running statistics each step keeps.
constexpr float kNormMomentum = 0.95f;

int64_t NumRanges(int64_t size) { return (size + kRange - 1) / kRange; }

}  // namespace

NetworkOptimizer::NetworkOptimizer(const model::NetworkShape& shape, const model::NetworkLayout& layout,
                                   const NetworkOptions& options)
    : shape_(shape),
      layout_(layout),
      l1_(options.l1),
      l2_(options.l2),
      clip_norm_(options.gradient_clip_norm),
      is_penalised_(layout.num_trained_dense, false),
      gradient_(layout.num_trained_dense),
      squares_(NumRanges(layout.num_trained_dense)),
      tables_(shape.ids.size()) {
  const auto penalise = [this](const model::ParameterBlock& block) {
    std::fill_n(is_penalised_.begin() + block.offset, block.size(), true);
  };
  penalise(layout.wide_numbers);
  penalise(layout.output_weights);
  penalise(layout.recurrent_input);
  penalise(layout.recurrent_state);
  for (const model::NetworkLayout::Layer& layer : layout.layers) penalise(layer.weights);
  auto column = static_cast<int64_t>(shape.numbers.size());
  for (size_t slot = 0; slot < shape.ids.size(); ++slot) {
    tables_[slot].place_of_id.assign(shape.ids[slot].num_ids, -1);
    embedding_columns_.push_back(column);
    column += layout.embeddings[slot].columns;
  }
}

void NetworkOptimizer::Step(std::span<const ChunkPass> chunks, const model::EncodedRows& rows,
                            std::span<const int64_t> picked, double learning_rate, WorkerTeam& team,
                            NetworkState& state) {
  ++state.num_steps;
  const auto step = static_cast<double>(state.num_steps);
  const double second_correction = std::sqrt(1 - std::pow(kSecondDecay, step));
  rate_ = learning_rate * second_correction / (1 - std::pow(kFirstDecay, step));
  epsilon_ = kEpsilon * second_correction;
  plain_rate_ = learning_rate;
  const int64_t num_ranges = NumRanges(layout_.num_trained_dense);
  const auto num_tables = static_cast<int64_t>(tables_.size());
  team.Run(num_ranges + num_tables, [&](int64_t item) {
    if (item < num_ranges)
      ReduceDense(chunks, item, state);
    else
      ReduceTable(chunks, rows, picked, item - num_ranges, state);
  });
  clip_factor_ = 1;
  if (clip_norm_ > 0) {
    double squares = 0;
    for (double part : squares_) squares += part;
    for (const TableGradient& table : tables_) squares += table.squares;
    const double norm = std::sqrt(squares);
    if (norm > clip_norm_) clip_factor_ = static_cast<float>(clip_norm_ / norm);
  }
  team.Run(num_ranges + num_tables, [&](int64_t item) {
    if (item < num_ranges)
      MoveDense(item, state);
    else
      MoveTable(item - num_ranges, state);
  });
  TakeNormStatistics(chunks, state);
}

void NetworkOptimizer::ReduceDense(std::span<const ChunkPass> chunks, int64_t range,
                                   const NetworkState& state) {
  const int64_t begin = range * kRange, end = std::min(begin + kRange, layout_.num_trained_dense);
  std::copy(chunks[0].gradient().begin() + begin, chunks[0].gradient().begin() + end,
            gradient_.begin() + begin);
  for (const ChunkPass& chunk : chunks.subspan(1)) {
    const float* from = chunk.gradient().data();
    for (int64_t i = begin; i < end; ++i) gradient_[i] += from[i];
  }
  const auto l2 = static_cast<float>(l2_);
  double squares = 0;
  for (int64_t i = begin; i < end; ++i) {
    if (l2_ > 0 && is_penalised_[i]) gradient_[i] += l2 * state.parameters[i];
    squares += static_cast<double>(gradient_[i]) * gradient_[i];
  }
  squares_[range] = squares;
}

void NetworkOptimizer::ReduceTable(std::span<const ChunkPass> chunks, const model::EncodedRows& rows,
                                   std::span<const int64_t> picked, int64_t slot, const NetworkState& state) {
  TableGradient& table = tables_[slot];
  const int64_t num_outputs = shape_.num_outputs;
  const bool is_wide = layout_.wide_tables[slot].rows > 0;
  const int64_t width = layout_.embeddings[slot].columns;
  const int64_t deep_width = shape_.deep_width();
  const auto num_ids = static_cast<int64_t>(shape_.ids.size());
  table.wide.clear();
  table.embedding.clear();
  for (size_t i = 0; i < picked.size(); ++i) {
    const ChunkPass& chunk = chunks[i / ChunkPass::kRows];
    const auto row = static_cast<int64_t>(i % ChunkPass::kRows);
    const int32_t id = rows.ids[picked[i] * num_ids + slot];
    int32_t& place = table.place_of_id[id];
    if (place < 0) {
      place = static_cast<int32_t>(table.touched.size());
      table.touched.push_back(id);
      if (is_wide) table.wide.resize(table.wide.size() + num_outputs, 0.0f);
      table.embedding.resize(table.embedding.size() + width, 0.0f);
    }
    if (is_wide) {
      const float* from = chunk.output_gradient() + row * num_outputs;
      for (int64_t j = 0; j < num_outputs; ++j) table.wide[place * num_outputs + j] += from[j];
    }
    if (width == 0) continue;
    const float* from = chunk.deep_gradient() + row * deep_width + embedding_columns_[slot];
    for (int64_t j = 0; j < width; ++j) table.embedding[place * width + j] += from[j];
  }
  const auto l2 = static_cast<float>(l2_);
  table.squares = 0;
  for (size_t place = 0; place < table.touched.size(); ++place) {
    const int64_t id = table.touched[place];
    if (l2_ > 0) {
      const float* wide = state.parameters.data() + layout_.wide_tables[slot].offset + id * num_outputs;
      for (int64_t j = 0; is_wide && j < num_outputs; ++j)
        table.wide[place * num_outputs + j] += l2 * wide[j];
      const float* embedding = state.parameters.data() + layout_.embeddings[slot].offset + id * width;
      for (int64_t j = 0; j < width; ++j) table.embedding[place * width + j] += l2 * embedding[j];
    }
  }
  for (float value : table.wide) table.squares += static_cast<double>(value) * value;
  for (float value : table.embedding) table.squares += static_cast<double>(value) * value;
}

void NetworkOptimizer::Move(int64_t offset, const float* gradients, int64_t size, bool is_penalised,
                            NetworkState& state) const {
  float* parameters = state.parameters.data() + offset;
  float* first = state.first_moments.data() + offset;
  float* second = state.second_moments.data() + offset;
  const auto rate = static_cast<float>(rate_), epsilon = static_cast<float>(epsilon_);
  constexpr auto kFirst = static_cast<float>(1 - kFirstDecay), kSecond = static_cast<float>(1 - kSecondDecay);
  for (int64_t i = 0; i < size; ++i) {
    const float gradient = gradients[i] * clip_factor_;
    first[i] += kFirst * (gradient - first[i]);
    second[i] += kSecond * (gradient * gradient - second[i]);
    parameters[i] -= rate * first[i] / (std::sqrt(second[i]) + epsilon);
  }
  if (l1_ == 0 || !is_penalised) return;
  // The proximal step: what the penalty is larger than becomes exactly 0.
  for (int64_t i = 0; i < size; ++i) {
    const auto shrink = static_cast<float>(plain_rate_ * l1_) / (std::sqrt(second[i]) + 1e-3f);
    const float magnitude = std::abs(parameters[i]) - shrink;
    parameters[i] = magnitude > 0 ? std::copysign(magnitude, parameters[i]) : 0.0f;
  }
}

void NetworkOptimizer::MoveDense(int64_t range, NetworkState& state) const {
  const int64_t end = std::min((range + 1) * kRange, layout_.num_trained_dense);
  if (l1_ == 0)
    return Move(range * kRange, gradient_.data() + range * kRange, end - range * kRange, false, state);
  for (int64_t begin = range * kRange; begin < end;) {
    int64_t next = begin + 1;
    while (next < end && is_penalised_[next] == is_penalised_[begin]) ++next;
    Move(begin, gradient_.data() + begin, next - begin, is_penalised_[begin], state);
    begin = next;
  }
}

void NetworkOptimizer::MoveTable(int64_t slot, NetworkState& state) {
  TableGradient& table = tables_[slot];
  const int64_t num_outputs = layout_.wide_tables[slot].columns;
  const int64_t width = layout_.embeddings[slot].columns;
  for (size_t place = 0; place < table.touched.size(); ++place) {
    const int64_t id = table.touched[place];
    Move(layout_.wide_tables[slot].offset + id * num_outputs, table.wide.data() + place * num_outputs,
         num_outputs, true, state);
    Move(layout_.embeddings[slot].offset + id * width, table.embedding.data() + place * width, width, true,
         state);
    table.place_of_id[id] = -1;
  }
  table.touched.clear();
}

void NetworkOptimizer::TakeNormStatistics(std::span<const ChunkPass> chunks, NetworkState& state) const {
  const int64_t size = layout_.num_dense - layout_.num_trained_dense;
  float* running = state.parameters.data() + layout_.num_trained_dense;
  for (int64_t i = 0; i < size; ++i) {
    float mean = 0;
    for (const ChunkPass& chunk : chunks) mean += chunk.norm_statistics()[i];
    mean /= static_cast<float>(chunks.size());
    running[i] = kNormMomentum * running[i] + (1 - kNormMomentum) * mean;
  }
}

}  // namespace penstock::learning
