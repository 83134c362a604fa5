#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::combine {

using data::Batch;
/// An encoded state: versioned, little-endian whatever the machine.
using Bytes = std::string;

/// A mergeable computation over batches of examples.
///
/// A combiner is a small value that holds configuration only; everything it has seen
/// lives in a `State`. Whoever can fold, ship and merge states can run it: a loop on
/// one machine, a pool of workers, the panes of a stream.
///
/// Laws, checked for every combiner by combine/combiner_laws_testing.h; "==" compares
/// `Finish`, within the error bound a sketch declares.
///   identity       Merge(NewState(), s) == s
///   associativity  Merge(a, Merge(b, c)) == Merge(Merge(a, b), c)
///   commutativity  Merge(a, b) == Merge(b, a)
///   chunking       adding a batch == adding its slices
///   round trip     Decode(Encode(s)) == s
///   purity         Finish leaves `s` usable, so a window can report early
template <class C>
concept Combiner = std::copyable<C> &&
    requires(const C& combiner, const Batch& batch, const typename C::State& from, typename C::State& into,
             std::string_view bytes) {
  typename C::Output;
  { combiner.NewState() } -> std::same_as<typename C::State>;
  { combiner.Add(batch, into) } -> std::same_as<Status>;
  /// Never alters `from`.
  { combiner.Merge(from, into) } -> std::same_as<Status>;
  { combiner.Finish(from) } -> std::same_as<Result<typename C::Output>>;
  { combiner.Encode(from) } -> std::same_as<Bytes>;
  /// Bytes may come from a damaged cache: checks every length; kDataLoss when wrong.
  { combiner.Decode(bytes) } -> std::same_as<Result<typename C::State>>;
  /// Names the algorithm, its version and its parameters: the cache key of a state,
  /// and what makes two combiners in one pass count as the same.
  { combiner.Fingerprint() } -> std::same_as<Digest>;
};

}  // namespace penstock::combine
