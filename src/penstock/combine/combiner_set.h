#pragma once

#include <any>
#include <concepts>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "penstock/combine/any_combiner.h"
#include "penstock/combine/combiner.h"
#include "penstock/combine/state_codec.h"

namespace penstock::combine {

/// Several combiners in one pass over the data; itself a Combiner. Those with equal fingerprints
/// share one state and one Add. A value; build it, then fold it.
class CombinerSet {
 public:
  using State = std::vector<AnyState>;  // One for each distinct fingerprint.
  /// One for each added combiner, in order of adding.
  using Output = std::vector<std::any>;

  /// The index of its output.
  size_t Insert(AnyCombiner combiner);
  template <class C>
  requires(!std::same_as<C, AnyCombiner>) && Combiner<C> size_t Insert(C combiner) {
    return Insert(AnyCombiner(std::move(combiner)));
  }
  size_t size() const { return distinct_of_.size(); }
  /// How many states there are: size() less the shared ones.
  size_t num_distinct() const { return distinct_.size(); }

  State NewState() const;
  Status Add(const Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const;
  Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  std::vector<AnyCombiner> distinct_;
  std::vector<Digest> fingerprints_;  // Of distinct_.
  std::vector<size_t> distinct_of_;   // Index into distinct_ of each combiner added.
};

/// A fixed set of combiners in one pass, without type erasure: state and output are tuples.
/// Equal fingerprints are not shared here: who writes the types down does not repeat them.
template <Combiner... C>
class CombinerTuple {
 public:
  using State = std::tuple<typename C::State...>;
  using Output = std::tuple<typename C::Output...>;

  explicit CombinerTuple(C... combiners) : combiners_(std::move(combiners)...) {}

  State NewState() const {
    return std::apply([](const C&... combiner) { return State(combiner.NewState()...); }, combiners_);
  }
  Status Add(const Batch& batch, State& state) const {
    return ForEach(kIndices, [&](const auto& combiner, auto index) {
      return combiner.Add(batch, std::get<index>(state));
    });
  }
  Status Merge(const State& from, State& into) const {
    return ForEach(kIndices, [&](const auto& combiner, auto index) {
      return combiner.Merge(std::get<index>(from), std::get<index>(into));
    });
  }
  Result<Output> Finish(const State& state) const {
    std::tuple<std::optional<typename C::Output>...> parts;
    PENSTOCK_RETURN_IF_ERROR(ForEach(kIndices, [&](const auto& combiner, auto index) -> Status {
      auto part = combiner.Finish(std::get<index>(state));
      if (!part.ok()) return part.status();
      std::get<index>(parts).emplace(*std::move(part));
      return OkStatus();
    }));
    return std::apply([](auto&... part) { return Output(*std::move(part)...); }, parts);
  }
  Bytes Encode(const State& state) const {
    StateWriter writer;
    writer.Version(1);
    (void)ForEach(kIndices, [&](const auto& combiner, auto index) -> Status {
      writer.Text(combiner.Encode(std::get<index>(state)));
      return OkStatus();
    });
    return std::move(writer).Take();
  }
  Result<State> Decode(std::string_view bytes) const {
    StateReader reader(bytes, "combiner tuple");
    reader.Version(1);
    State state = NewState();
    PENSTOCK_RETURN_IF_ERROR(ForEach(kIndices, [&](const auto& combiner, auto index) -> Status {
      const std::string_view part = reader.Text();
      PENSTOCK_RETURN_IF_ERROR(reader.status());
      PENSTOCK_ASSIGN_OR_RETURN(std::get<index>(state), combiner.Decode(part));
      return OkStatus();
    }));
    PENSTOCK_RETURN_IF_ERROR(reader.Finish());
    return state;
  }
  Digest Fingerprint() const {
    DigestBuilder digest;
    digest.Add("combiner-tuple/1");
    std::apply([&](const C&... combiner) { (digest.Add(combiner.Fingerprint()), ...); }, combiners_);
    return digest.Finish();
  }

 private:
  static constexpr std::index_sequence_for<C...> kIndices{};

  // Stops at the first error.
  template <size_t... I, class Work>
  Status ForEach(std::index_sequence<I...>, Work&& work) const {
    Status status = OkStatus();
    (void)((status = work(std::get<I>(combiners_), std::integral_constant<size_t, I>{}), status.ok()) && ...);
    return status;
  }

  std::tuple<C...> combiners_;
};

}  // namespace penstock::combine
