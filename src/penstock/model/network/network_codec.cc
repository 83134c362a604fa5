#include <penstock/model.pb.h>

#include "penstock/model/network/network.h"

namespace penstock::model {
namespace {

// What does not fit becomes -1, which every check refuses.
int32_t Narrow(uint32_t value) { return value > (1u << 30) ? -1 : static_cast<int32_t>(value); }

void EncodeNumbers(const std::vector<NumberInput>& numbers,
                   google::protobuf::RepeatedPtrField<v1::Network::Number>& out) {
  for (const NumberInput& number : numbers) {
    v1::Network::Number& file = *out.Add();
    file.set_column(static_cast<uint32_t>(number.column));
    file.set_mean(number.mean);
    file.set_scale(number.scale);
    file.set_is_indicator(number.is_indicator);
  }
}

std::vector<NumberInput> DecodeNumbers(
    const google::protobuf::RepeatedPtrField<v1::Network::Number>& numbers) {
  std::vector<NumberInput> decoded;
  decoded.reserve(static_cast<size_t>(numbers.size()));
  for (const v1::Network::Number& number : numbers)
    decoded.push_back({Narrow(number.column()), number.mean(), number.scale(), number.is_indicator()});
  return decoded;
}

Result<IdInput> DecodeIds(const v1::Network::Ids& file) {
  IdInput input;
  switch (file.source()) {
    case v1::Network::Ids::CATEGORY:
      input.source = IdInput::Source::kCategory;
      break;
    case v1::Network::Ids::BUCKETS:
      input.source = IdInput::Source::kBuckets;
      break;
    case v1::Network::Ids::CROSS:
      input.source = IdInput::Source::kCross;
      break;
    default:
      return DataLoss("An id input of the network is of unknown kind {}", static_cast<int>(file.source()));
  }
  input.column = Narrow(file.column());
  input.boundaries.assign(file.boundaries().begin(), file.boundaries().end());
  for (uint32_t other : file.crossed()) input.crossed.push_back(Narrow(other));
  input.num_ids = Narrow(file.num_ids());
  input.embedding_width = Narrow(file.embedding_width());
  input.is_wide = file.is_wide();
  return input;
}

v1::Network::Link EncodeLink(NetworkLink link) {
  switch (link) {
    case NetworkLink::kLogistic:
      return v1::Network::LOGISTIC;
    case NetworkLink::kReconstructionError:
      return v1::Network::RECONSTRUCTION_ERROR;
    case NetworkLink::kSoftmax:
      return v1::Network::SOFTMAX;
    case NetworkLink::kIdentity:
      break;
  }
  return v1::Network::IDENTITY;
}

Result<NetworkLink> DecodeLink(v1::Network::Link link) {
  switch (link) {
    case v1::Network::IDENTITY:
      return NetworkLink::kIdentity;
    case v1::Network::LOGISTIC:
      return NetworkLink::kLogistic;
    case v1::Network::RECONSTRUCTION_ERROR:
      return NetworkLink::kReconstructionError;
    case v1::Network::SOFTMAX:
      return NetworkLink::kSoftmax;
    default:
      return DataLoss("The network has an unknown link: {}", static_cast<int>(link));
  }
}

Result<NetworkShape> DecodeShape(const v1::Network& file) {
  NetworkShape shape;
  PENSTOCK_ASSIGN_OR_RETURN(shape.link, DecodeLink(file.link()));
  shape.num_columns = Narrow(file.num_columns());
  shape.numbers = DecodeNumbers(file.numbers());
  shape.series = DecodeNumbers(file.series());
  for (const v1::Network::Ids& ids : file.ids()) {
    PENSTOCK_ASSIGN_OR_RETURN(IdInput input, DecodeIds(ids));
    shape.ids.push_back(std::move(input));
  }
  for (const v1::Network::Layer& layer : file.layers()) {
    if (layer.activation() != v1::Network::RELU && layer.activation() != v1::Network::TANH)
      return DataLoss("A layer of the network has an unknown activation: {}",
                      static_cast<int>(layer.activation()));
    shape.layers.push_back({Narrow(layer.width()),
                            layer.activation() == v1::Network::RELU ? Activation::kRelu : Activation::kTanh,
                            layer.has_norm()});
  }
  shape.num_channels = Narrow(file.num_channels());
  shape.recurrent_width = Narrow(file.recurrent_width());
  shape.has_wide = file.has_wide();
  shape.has_deep = file.has_deep();
  shape.num_outputs = Narrow(file.num_outputs());
  shape.output_scale = file.output_scale();
  shape.output_shift = file.output_shift();
  return shape;
}

}  // namespace

void Network::Encode(v1::Network& out) const {
  out.set_link(EncodeLink(shape_.link));
  out.set_num_columns(static_cast<uint32_t>(shape_.num_columns));
  EncodeNumbers(shape_.numbers, *out.mutable_numbers());
  EncodeNumbers(shape_.series, *out.mutable_series());
  for (const IdInput& input : shape_.ids) {
    v1::Network::Ids& file = *out.add_ids();
    file.set_source(static_cast<v1::Network::Ids::Source>(static_cast<int>(input.source) + 1));
    file.set_column(static_cast<uint32_t>(input.column));
    file.mutable_boundaries()->Add(input.boundaries.begin(), input.boundaries.end());
    for (int32_t other : input.crossed) file.add_crossed(static_cast<uint32_t>(other));
    file.set_num_ids(static_cast<uint32_t>(input.num_ids));
    file.set_embedding_width(static_cast<uint32_t>(input.embedding_width));
    file.set_is_wide(input.is_wide);
  }
  for (const DenseLayer& layer : shape_.layers) {
    v1::Network::Layer& file = *out.add_layers();
    file.set_width(static_cast<uint32_t>(layer.width));
    file.set_activation(layer.activation == Activation::kRelu ? v1::Network::RELU : v1::Network::TANH);
    file.set_has_norm(layer.has_norm);
  }
  out.set_num_channels(static_cast<uint32_t>(shape_.num_channels));
  out.set_recurrent_width(static_cast<uint32_t>(shape_.recurrent_width));
  out.set_has_wide(shape_.has_wide);
  out.set_has_deep(shape_.has_deep);
  out.set_num_outputs(static_cast<uint32_t>(shape_.num_outputs));
  out.set_output_scale(shape_.output_scale);
  out.set_output_shift(shape_.output_shift);
  out.mutable_parameters()->Add(parameters_.begin(), parameters_.end());
}

Result<Network> Network::Decode(const v1::Network& file) {
  PENSTOCK_ASSIGN_OR_RETURN(NetworkShape shape, DecodeShape(file));
  return Make(std::move(shape), {file.parameters().begin(), file.parameters().end()});
}

}  // namespace penstock::model
