#pragma once

#include <any>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "penstock/combine/combiner.h"

namespace penstock::combine {

/// The state of an AnyCombiner. Move-only.
class AnyState {
 public:
  AnyState() = default;
  template <class S>
  requires(!std::same_as<std::remove_cvref_t<S>, AnyState>) explicit AnyState(S state)
      : box_(std::make_unique<BoxOf<S>>(std::move(state))) {}
  /// Null where the state is of another type.
  template <class S>
  S* Get() const {
    auto* box = dynamic_cast<BoxOf<S>*>(box_.get());
    return box == nullptr ? nullptr : &box->state;
  }

 private:
  struct Box {
    virtual ~Box() = default;
  };
  template <class S>
  struct BoxOf : Box {
    explicit BoxOf(S from) : state(std::move(from)) {}
    S state;
  };
  std::unique_ptr<Box> box_;
};

/// Any combiner behind one type: itself a Combiner, whose output is a std::any that holds
/// the wrapped one's Output. One virtual call a batch. A cheap value (shared, immutable).
class AnyCombiner {
 public:
  using State = AnyState;
  using Output = std::any;

  // The order matters: asking whether AnyCombiner is a Combiner asks whether it can be copied, which asks
  // here.
  template <class C>
  requires(!std::same_as<std::remove_cvref_t<C>, AnyCombiner>) &&
      Combiner<C>&& std::copyable<typename C::Output> explicit AnyCombiner(C combiner)
      : box_(std::make_shared<BoxOf<C>>(std::move(combiner))) {}

  State NewState() const { return box_->NewState(); }
  Status Add(const Batch& batch, State& state) const { return box_->Add(batch, state); }
  Status Merge(const State& from, State& into) const { return box_->Merge(from, into); }
  Result<Output> Finish(const State& state) const { return box_->Finish(state); }
  Bytes Encode(const State& state) const { return box_->Encode(state); }
  Result<State> Decode(std::string_view bytes) const { return box_->Decode(bytes); }
  Digest Fingerprint() const { return box_->Fingerprint(); }

 private:
  struct Box {
    virtual ~Box() = default;
    virtual State NewState() const = 0;
    virtual Status Add(const Batch& batch, State& state) const = 0;
    virtual Status Merge(const State& from, State& into) const = 0;
    virtual Result<Output> Finish(const State& state) const = 0;
    virtual Bytes Encode(const State& state) const = 0;
    virtual Result<State> Decode(std::string_view bytes) const = 0;
    virtual Digest Fingerprint() const = 0;
  };
  template <class C>
  struct BoxOf final : Box {
    using Inner = typename C::State;
    explicit BoxOf(C from) : combiner(std::move(from)) {}
    static Status WrongState() { return Internal("A combiner was handed the state of another combiner"); }

    State NewState() const override { return State(combiner.NewState()); }
    Status Add(const Batch& batch, State& state) const override {
      Inner* inner = state.Get<Inner>();
      return inner == nullptr ? WrongState() : combiner.Add(batch, *inner);
    }
    Status Merge(const State& from, State& into) const override {
      const Inner* inner_from = from.Get<Inner>();
      Inner* inner_into = into.Get<Inner>();
      return inner_from == nullptr || inner_into == nullptr ? WrongState()
                                                            : combiner.Merge(*inner_from, *inner_into);
    }
    Result<Output> Finish(const State& state) const override {
      const Inner* inner = state.Get<Inner>();
      if (inner == nullptr) return WrongState();
      PENSTOCK_ASSIGN_OR_RETURN(auto output, combiner.Finish(*inner));
      return Output(std::move(output));
    }
    Bytes Encode(const State& state) const override {
      const Inner* inner = state.Get<Inner>();
      return inner == nullptr ? Bytes() : combiner.Encode(*inner);
    }
    Result<State> Decode(std::string_view bytes) const override {
      PENSTOCK_ASSIGN_OR_RETURN(auto inner, combiner.Decode(bytes));
      return State(std::move(inner));
    }
    Digest Fingerprint() const override { return combiner.Fingerprint(); }

    C combiner;
  };
  std::shared_ptr<const Box> box_;
};

}  // namespace penstock::combine
