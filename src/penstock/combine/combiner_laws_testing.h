#pragma once

// For tests only: what every combiner has to satisfy, in one call each.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "penstock/combine/fold.h"
#include "penstock/combine/windowed_fold.h"
#include "penstock/data/dataset.h"

namespace penstock::combine {

template <class T>
T ValueOrDie(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status();
    std::abort();
  }
  return std::move(result).value();
}

/// Folds `batches` into one state.
template <Combiner C>
typename C::State StateOf(const C& combiner, const std::vector<Batch>& batches) {
  typename C::State state = combiner.NewState();
  for (const Batch& batch : batches) EXPECT_EQ(combiner.Add(batch, state), OkStatus());
  return state;
}

/// Checks the laws at the head of combiner.h on `batches` (at least three). `same(a, b)` compares two
/// outputs within the combiner's declared bound, and gives a testing::AssertionResult or bool.
template <Combiner C, class Same>
void ExpectCombinerLaws(const C& combiner, const std::vector<Batch>& batches, const Same& same) {
  ASSERT_GE(batches.size(), 3u);
  const auto finish = [&](const typename C::State& state) { return ValueOrDie(combiner.Finish(state)); };
  const auto merged = [&](const typename C::State& a, const typename C::State& b) {
    typename C::State into = combiner.NewState();
    EXPECT_EQ(combiner.Merge(a, into), OkStatus());
    EXPECT_EQ(combiner.Merge(b, into), OkStatus());
    return into;
  };
  const size_t third = batches.size() / 3;
  const auto cut = [&](size_t from, size_t to) {
    return StateOf(combiner, std::vector<Batch>(batches.begin() + from, batches.begin() + to));
  };
  const auto a = cut(0, third), b = cut(third, 2 * third), c = cut(2 * third, batches.size());
  const auto all = StateOf(combiner, batches);
  const auto expected = finish(all);

  EXPECT_TRUE(same(finish(merged(combiner.NewState(), all)), expected)) << "identity, left";
  EXPECT_TRUE(same(finish(merged(all, combiner.NewState())), expected)) << "identity, right";
  EXPECT_TRUE(same(finish(merged(a, merged(b, c))), finish(merged(merged(a, b), c)))) << "associativity";
  EXPECT_TRUE(same(finish(merged(merged(a, b), c)), expected)) << "sharding";
  EXPECT_TRUE(same(finish(merged(a, b)), finish(merged(b, a)))) << "commutativity";

  std::vector<Batch> slices;
  for (const Batch& batch : batches) {
    const int64_t half = batch->num_rows() / 2;
    slices.push_back(batch->Slice(0, half));
    slices.push_back(batch->Slice(half, 0));
    slices.push_back(batch->Slice(half));
  }
  EXPECT_TRUE(same(finish(StateOf(combiner, slices)), expected)) << "chunking";

  const Bytes encoded = combiner.Encode(all);
  const auto decoded = ValueOrDie(combiner.Decode(encoded));
  EXPECT_TRUE(same(finish(decoded), expected)) << "round trip";
  EXPECT_EQ(combiner.Encode(decoded), encoded) << "round trip, bit for bit";
  const auto none = ValueOrDie(combiner.Decode(combiner.Encode(combiner.NewState())));
  EXPECT_TRUE(same(finish(merged(none, all)), expected)) << "round trip of the empty state";

  (void)finish(all);
  EXPECT_EQ(combiner.Encode(all), encoded) << "purity of Finish";
  (void)merged(all, a);
  EXPECT_EQ(combiner.Encode(all), encoded) << "Merge alters what it merges from";
  EXPECT_EQ(C(combiner).Fingerprint(), combiner.Fingerprint()) << "a copy is another combiner";
}

/// Damage is told, never crashes: every truncation, and every byte flipped (by stride on long states).
/// A flipped byte may still decode; then it must merge and finish or say why not.
template <Combiner C>
void ExpectDamageIsTold(const C& combiner, const std::vector<Batch>& batches) {
  const Bytes encoded = combiner.Encode(StateOf(combiner, batches));
  const size_t stride = encoded.size() / 512 + 1;
  for (size_t length = 0; length < encoded.size(); length += stride) {
    const auto decoded = combiner.Decode(std::string_view(encoded).substr(0, length));
    ASSERT_FALSE(decoded.ok()) << "cut to " << length << " of " << encoded.size() << " bytes";
    EXPECT_EQ(decoded.status().code(), StatusCode::kDataLoss) << decoded.status();
  }
  EXPECT_FALSE(combiner.Decode(encoded + '\0').ok()) << "a byte too many";
  for (size_t at = 0; at < encoded.size(); at += stride) {
    Bytes damaged = encoded;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    auto decoded = combiner.Decode(damaged);
    if (!decoded.ok()) continue;
    typename C::State into = combiner.NewState();
    if (combiner.Merge(*decoded, into).ok()) (void)combiner.Finish(into);
  }
}

/// Runs the combiner in every shape and compares: one fold; shards in parallel by 1, 2 and 8 threads
/// (bit-equal to each other); each shard encoded, then merged; one window over all panes of the int64
/// `time_column`.
template <Combiner C, class Same>
void ExpectSameInAllShapes(const C& combiner, const std::vector<Batch>& batches,
                           const std::string& time_column, const Same& same) {
  const auto dataset = data::MakeInMemoryDataset(batches.front()->schema(), batches);
  const auto reader = data::ReadSequentially(*dataset);
  const auto expected = ValueOrDie(combiner.Finish(ValueOrDie(Fold(combiner, *reader))));

  Bytes with_one_thread;
  for (int num_threads : {1, 2, 8}) {
    const auto sharded =
        ValueOrDie(FoldDataset(combiner, *dataset, ExecutionOptions{.num_threads = num_threads}));
    EXPECT_TRUE(same(ValueOrDie(combiner.Finish(sharded)), expected)) << num_threads << " threads";
    if (num_threads == 1) with_one_thread = combiner.Encode(sharded);
    EXPECT_EQ(combiner.Encode(sharded), with_one_thread)
        << num_threads << " threads give other bits than one";
  }

  std::vector<Bytes> encoded;
  for (const Batch& batch : batches) encoded.push_back(combiner.Encode(StateOf(combiner, {batch})));
  const auto merged = ValueOrDie(MergeEncoded(combiner, std::span<const Bytes>(encoded)));
  EXPECT_TRUE(same(ValueOrDie(combiner.Finish(merged)), expected)) << "encoded and merged";

  const WindowedFold<C> windowed(
      combiner, {.time_column = time_column, .pane_micros = 1000, .panes_per_window = 1 << 20});
  const auto panes = StateOf(windowed, batches);
  ASSERT_FALSE(panes.empty());
  EXPECT_TRUE(same(ValueOrDie(windowed.WindowEndingAt(panes, panes.rbegin()->first)), expected))
      << "windowed";
}

}  // namespace penstock::combine
