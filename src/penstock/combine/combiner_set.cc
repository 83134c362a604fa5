#include "penstock/combine/combiner_set.h"

#include <algorithm>

namespace penstock::combine {

size_t CombinerSet::Insert(AnyCombiner combiner) {
  const Digest fingerprint = combiner.Fingerprint();
  const auto known = std::find(fingerprints_.begin(), fingerprints_.end(), fingerprint);
  distinct_of_.push_back(static_cast<size_t>(known - fingerprints_.begin()));
  if (known == fingerprints_.end()) {
    distinct_.push_back(std::move(combiner));
    fingerprints_.push_back(fingerprint);
  }
  return distinct_of_.size() - 1;
}

CombinerSet::State CombinerSet::NewState() const {
  State state;
  state.reserve(distinct_.size());
  for (const AnyCombiner& combiner : distinct_) state.push_back(combiner.NewState());
  return state;
}

Status CombinerSet::Add(const Batch& batch, State& state) const {
  for (size_t i = 0; i < distinct_.size(); ++i) PENSTOCK_RETURN_IF_ERROR(distinct_[i].Add(batch, state[i]));
  return OkStatus();
}

Status CombinerSet::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < distinct_.size(); ++i)
    PENSTOCK_RETURN_IF_ERROR(distinct_[i].Merge(from[i], into[i]));
  return OkStatus();
}

Result<CombinerSet::Output> CombinerSet::Finish(const State& state) const {
  Output finished;
  for (size_t i = 0; i < distinct_.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(std::any output, distinct_[i].Finish(state[i]));
    finished.push_back(std::move(output));
  }
  Output outputs;
  for (size_t index : distinct_of_) outputs.push_back(finished[index]);
  return outputs;
}

Bytes CombinerSet::Encode(const State& state) const {
  StateWriter writer;
  writer.Version(1).Varint(state.size());
  for (size_t i = 0; i < distinct_.size(); ++i) writer.Text(distinct_[i].Encode(state[i]));
  return std::move(writer).Take();
}

Result<CombinerSet::State> CombinerSet::Decode(std::string_view bytes) const {
  StateReader reader(bytes, "combiner set");
  reader.Version(1);
  if (reader.Count(1) != distinct_.size()) reader.Fail("it holds another number of states");
  State state;
  for (const AnyCombiner& combiner : distinct_) {
    const std::string_view part = reader.Text();
    PENSTOCK_RETURN_IF_ERROR(reader.status());
    PENSTOCK_ASSIGN_OR_RETURN(AnyState decoded, combiner.Decode(part));
    state.push_back(std::move(decoded));
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest CombinerSet::Fingerprint() const {
  DigestBuilder digest;
  digest.Add("combiner-set/1");
  for (size_t index : distinct_of_) digest.Add(fingerprints_[index]);
  return digest.Finish();
}

}  // namespace penstock::combine
