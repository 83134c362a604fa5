#include "penstock/learning/network/network_warm_start.h"

#include <algorithm>
#include <limits>

#include "penstock/learning/feature_match.h"
#include "penstock/model/network_model.h"

namespace penstock::learning {
namespace {

using model::IdInput;
using model::Network;
using model::NetworkLayout;
using model::NetworkShape;
using model::NumberInput;
using model::ParameterBlock;

/// Carries one network's parameters over into another's.
class Transfer {
 public:
  Transfer(const Network& before, const std::vector<FeatureMatch>& matches, const NetworkShape& shape,
           std::vector<float>& parameters)
      : before_(before), old_shape_(before.shape()), shape_(shape), layout_(shape), parameters_(parameters) {
    ids_of_column_.resize(shape.num_columns, nullptr);
    for (const FeatureMatch& match : matches) {
      for (int32_t column : match.columns) {
        ids_of_column_[old_column_.size()] = &match.ids;
        old_column_.push_back(column);
      }
    }
    gain_ = old_shape_.output_scale / shape.output_scale;
    FindIds();
    keeps_deep_ = KeepsDeep();
  }

  void Run() {
    for (int64_t j = 0; j < shape_.num_outputs; ++j)
      parameters_[layout_.bias.offset + j] =
          gain_ * Old(before_.layout().bias)[j] +
          (old_shape_.output_shift - shape_.output_shift) / shape_.output_scale;
    if (shape_.has_wide && old_shape_.has_wide)
      MoveNumbers(layout_.wide_numbers, before_.layout().wide_numbers, 0, layout_.bias, gain_);
    for (size_t slot = 0; slot < shape_.ids.size(); ++slot) MoveTables(slot);
    if (keeps_deep_) MoveDeep();
  }

 private:
  const float* Old(const ParameterBlock& block) const { return before_.parameters().data() + block.offset; }
  float* New(const ParameterBlock& block) { return parameters_.data() + block.offset; }

  bool KeepsDeep() const {
    if (!shape_.has_deep || !old_shape_.has_deep || shape_.layers != old_shape_.layers) return false;
    if (shape_.recurrent_width != old_shape_.recurrent_width ||
        shape_.num_channels != old_shape_.num_channels)
      return false;
    return shape_.num_outputs == old_shape_.num_outputs;
  }

  /// For each id input the old one of the same source and column, and the old id of each id.
  void FindIds() {
    for (const IdInput& input : shape_.ids) {
      int32_t found = -1;
      for (size_t i = 0; i < old_shape_.ids.size() && found < 0; ++i) {
        if (IsSame(input, old_shape_.ids[i])) found = static_cast<int32_t>(i);
      }
      old_slot_.push_back(found);
      old_ids_.push_back(found < 0 ? std::vector<int32_t>(input.num_ids, -1)
                                   : OldIds(input, old_shape_.ids[static_cast<size_t>(found)]));
      bool is_identity = found >= 0 && input.num_ids == old_shape_.ids[static_cast<size_t>(found)].num_ids;
      for (int32_t id = 0; is_identity && id < input.num_ids; ++id) is_identity = old_ids_.back()[id] == id;
      is_identity_.push_back(is_identity);
    }
  }

  bool IsSame(const IdInput& input, const IdInput& old) const {
    if (input.source != old.source) return false;
    if (input.source != IdInput::Source::kCross) return old_column_[input.column] == old.column;
    // A hash of other ids: it means the same only where all of them do.
    if (input.num_ids != old.num_ids || input.crossed.size() != old.crossed.size()) return false;
    for (size_t i = 0; i < input.crossed.size(); ++i) {
      const auto slot = static_cast<size_t>(input.crossed[i]);
      if (old_slot_[slot] != old.crossed[i] || !is_identity_[slot]) return false;
    }
    return true;
  }

  std::vector<int32_t> OldIds(const IdInput& input, const IdInput& old) const {
    std::vector<int32_t> ids(input.num_ids, -1);
    for (int32_t id = 0; id < input.num_ids; ++id) {
      const bool is_last = id == input.num_ids - 1;
      if (input.source == IdInput::Source::kCross) {
        ids[id] = id;
      } else if (is_last) {
        ids[id] = old.num_ids - 1;
      } else if (input.source == IdInput::Source::kCategory) {
        const std::vector<int32_t>& known = *ids_of_column_[input.column];
        if (static_cast<size_t>(id) < known.size() && known[id] < old.num_ids - 1) ids[id] = known[id];
      } else {
        // The smallest value of the bucket; of the first, one below all boundaries.
        const float value = id == 0 ? -std::numeric_limits<float>::max() : input.boundaries[id - 1];
        ids[id] = static_cast<int32_t>(std::upper_bound(old.boundaries.begin(), old.boundaries.end(), value) -
                                       old.boundaries.begin());
      }
    }
    return ids;
  }

  void MoveTables(size_t slot) {
    const int32_t old = old_slot_[slot];
    const ParameterBlock &wide = layout_.wide_tables[slot], &embedding = layout_.embeddings[slot];
    if (old < 0) return;
    const ParameterBlock& old_wide = before_.layout().wide_tables[old];
    const ParameterBlock& old_embedding = before_.layout().embeddings[old];
    for (int32_t id = 0; id < shape_.ids[slot].num_ids; ++id) {
      const int64_t from = old_ids_[slot][id];
      if (from < 0) continue;
      for (int64_t j = 0; wide.rows > 0 && old_wide.rows > 0 && j < wide.columns; ++j)
        New(wide)[id * wide.columns + j] = gain_ * Old(old_wide)[from * wide.columns + j];
      if (keeps_deep_ && embedding.columns == old_embedding.columns)
        std::copy_n(Old(old_embedding) + from * embedding.columns, embedding.columns,
                    New(embedding) + id * embedding.columns);
    }
  }

  /// Rows of `weights` that belong to numbers, from row `first` of both on. What another standardisation adds
  /// goes to `bias`.
  void MoveNumbers(const ParameterBlock& weights, const ParameterBlock& old_weights, int64_t first,
                   const ParameterBlock& bias, float gain) {
    for (size_t i = 0; i < shape_.numbers.size(); ++i) {
      const NumberInput& input = shape_.numbers[i];
      float* into = New(weights) + (first + static_cast<int64_t>(i)) * weights.columns;
      const auto old =
          std::find_if(old_shape_.numbers.begin(), old_shape_.numbers.end(), [&](const NumberInput& at) {
            return at.column == old_column_[input.column] && at.is_indicator == input.is_indicator;
          });
      if (old == old_shape_.numbers.end()) {
        std::fill_n(into, weights.columns, 0.0f);
        continue;
      }
      const float* from = Old(old_weights) + (first + (old - old_shape_.numbers.begin())) * weights.columns;
      const float ratio = input.is_indicator ? 1 : old->scale / input.scale;
      const float shift = input.is_indicator ? 0 : (input.mean - old->mean) * old->scale;
      for (int64_t j = 0; j < weights.columns; ++j) {
        into[j] = gain * from[j] * ratio;
        New(bias)[j] += gain * from[j] * shift;
      }
    }
  }

  void MoveDeep() {
    const NetworkLayout& old = before_.layout();
    for (size_t i = 0; i < layout_.layers.size(); ++i) {
      const NetworkLayout::Layer &into = layout_.layers[i], &from = old.layers[i];
      Copy(from.bias, into.bias, 1);
      Copy(from.norm_scale, into.norm_scale, 1);
      Copy(from.norm_shift, into.norm_shift, 1);
      Copy(from.norm_mean, into.norm_mean, 1);
      Copy(from.norm_variance, into.norm_variance, 1);
      if (i > 0) Copy(from.weights, into.weights, 1);
    }
    Copy(old.recurrent_input, layout_.recurrent_input, 1);
    Copy(old.recurrent_state, layout_.recurrent_state, 1);
    Copy(old.recurrent_bias, layout_.recurrent_bias, 1);
    const bool has_layers = !layout_.layers.empty();
    if (has_layers) Copy(old.output_weights, layout_.output_weights, gain_);
    const ParameterBlock& into = has_layers ? layout_.layers[0].weights : layout_.output_weights;
    const ParameterBlock& from = has_layers ? old.layers[0].weights : old.output_weights;
    const float gain = has_layers ? 1 : gain_;
    MoveNumbers(into, from, 0, has_layers ? layout_.layers[0].bias : layout_.bias, gain);
    auto row = static_cast<int64_t>(shape_.numbers.size());
    for (size_t slot = 0; slot < shape_.ids.size(); ++slot) {
      const int64_t width = layout_.embeddings[slot].columns;
      if (width == 0) continue;
      const int32_t old_slot = old_slot_[slot];
      const bool is_kept = old_slot >= 0 && old.embeddings[old_slot].columns == width;
      const int64_t old_row = is_kept ? OldRow(old_slot) : 0;
      for (int64_t j = 0; j < width * into.columns; ++j)
        New(into)[row * into.columns + j] = is_kept ? gain * Old(from)[old_row * into.columns + j] : 0.0f;
      row += width;
    }
    const int64_t old_row = OldRow(static_cast<int32_t>(old_shape_.ids.size()));
    for (int64_t j = 0; j < shape_.recurrent_width * into.columns; ++j)
      New(into)[row * into.columns + j] = gain * Old(from)[old_row * into.columns + j];
  }

  /// Where in the old deep input the embedding of an id input begins.
  int64_t OldRow(int32_t slot) const {
    auto row = static_cast<int64_t>(old_shape_.numbers.size());
    for (int32_t i = 0; i < slot; ++i) row += before_.layout().embeddings[i].columns;
    return row;
  }

  void Copy(const ParameterBlock& from, const ParameterBlock& into, float gain) {
    for (int64_t i = 0; i < into.size(); ++i) New(into)[i] = gain * Old(from)[i];
  }

  const Network& before_;
  const NetworkShape& old_shape_;
  const NetworkShape& shape_;
  const NetworkLayout layout_;
  std::vector<float>& parameters_;
  std::vector<int32_t> old_column_;                         // Of each column, or -1.
  std::vector<const std::vector<int32_t>*> ids_of_column_;  // Old id of each id of the column's feature.
  std::vector<int32_t> old_slot_;                           // Of each id input, or -1.
  std::vector<std::vector<int32_t>> old_ids_;               // Of each id of each id input, or -1.
  std::vector<bool> is_identity_;
  float gain_ = 1;
  bool keeps_deep_ = false;
};

}  // namespace

Status WarmStartNetwork(const model::Model& before, const transform::TransformGraph& transform,
                        const NetworkShape& shape, std::vector<float>& parameters) {
  const auto* model = dynamic_cast<const model::NetworkModel*>(&before);
  if (model == nullptr)
    return InvalidArgument(
        "The model to start from is no network; only linear, dense, wide_and_deep, lstm and "
        "autoencoder models can be gone on with by these learners");
  if (model->network().shape().link != shape.link)
    return InvalidArgument("The model to start from is for {}, not for the task of this training",
                           model::TaskName(model->signature().task));
  PENSTOCK_RETURN_IF_ERROR(CheckSameClasses(model->transform(), transform));
  const std::vector<FeatureMatch> matches = MatchFeatures(model->transform(), transform);
  if (shape.link == model::NetworkLink::kReconstructionError &&
      !std::all_of(matches.begin(), matches.end(), [](const FeatureMatch& match) { return match.is_same; })) {
    return InvalidArgument("An autoencoder can be gone on with on the very same features only");
  }
  if (shape.link == model::NetworkLink::kReconstructionError &&
      shape.num_outputs != model->network().shape().num_outputs) {
    return InvalidArgument("An autoencoder can be gone on with on the very same features only");
  }
  Transfer(model->network(), matches, shape, parameters).Run();
  return OkStatus();
}

}  // namespace penstock::learning
