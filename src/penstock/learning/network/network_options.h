#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/learning/class_weights.h"
#include "penstock/learning/learner.h"
#include "penstock/model/network/network_shape.h"

namespace penstock::learning {

enum class NetworkKind { kLinear, kDense, kWideAndDeep, kLstm, kAutoencoder };
enum class RateSchedule { kConstant, kCosine, kExponential, kPlateau };

/// The hyperparameters of a network, checked. A plain value.
struct NetworkOptions {
  NetworkKind kind = NetworkKind::kDense;
  int64_t num_epochs = 0;
  int64_t batch_size = 0;
  int64_t shuffle_buffer = 0;  ///< Larger splits are streamed.
  double learning_rate = 0;
  RateSchedule schedule = RateSchedule::kCosine;
  int64_t warmup_steps = 0;
  int64_t early_stopping_epochs = 0;
  double l1 = 0;
  double l2 = 0;
  double gradient_clip_norm = 0;  ///< 0: none.
  ClassWeights class_weights;
  std::string loss = "auto";
  double huber_delta = 0;                         ///< 0: by the labels.
  int64_t number_buckets = 0;                     ///< 0: numbers as they are only.
  std::vector<std::vector<std::string>> crosses;  ///< Names of features.
  int64_t cross_buckets = 1;
  std::vector<int32_t> hidden_units;
  model::Activation activation = model::Activation::kRelu;
  double dropout = 0;
  bool batch_norm = false;
  int64_t embedding_width = 0;  ///< 0: by the number of ids.
  int64_t recurrent_width = 0;

  bool has_wide() const { return kind == NetworkKind::kLinear || kind == NetworkKind::kWideAndDeep; }
  bool has_deep() const { return kind != NetworkKind::kLinear; }
};

std::string_view NameOf(NetworkKind kind);
/// What a learner of that kind can be told.
std::vector<HyperparameterDescription> HyperparametersOf(NetworkKind kind);
/// From resolved hyperparameters; kInvalidArgument where hidden_units or crosses cannot be read.
Result<NetworkOptions> ReadNetworkOptions(NetworkKind kind, const nlohmann::json& hyperparameters);

}  // namespace penstock::learning
