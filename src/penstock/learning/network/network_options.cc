#include "penstock/learning/network/network_options.h"

#include <algorithm>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

namespace penstock::learning {
namespace {

constexpr double kMuch = 1e12;

double DefaultRate(NetworkKind kind) {
  switch (kind) {
    case NetworkKind::kLinear:
      return 0.02;
    case NetworkKind::kLstm:
    case NetworkKind::kAutoencoder:
      return 0.003;
    default:
      return 0.002;
  }
}

Result<std::vector<int32_t>> ReadHiddenUnits(const std::string& text) {
  std::vector<int32_t> units;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    int32_t width = 0;
    if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(part), &width) || width < 1 || width > 65536)
      return InvalidArgument(
          "Hyperparameter 'hidden_units' must be the widths of the layers, each from 1 to 65536, as in "
          "'64,32', not '{}'",
          text);
    units.push_back(width);
  }
  if (units.size() > 32)
    return InvalidArgument("Hyperparameter 'hidden_units' names {} layers; at most 32 can be", units.size());
  return units;
}

Result<std::vector<std::vector<std::string>>> ReadCrosses(const std::string& text) {
  std::vector<std::vector<std::string>> crosses;
  for (absl::string_view cross : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    std::vector<std::string>& names = crosses.emplace_back();
    for (absl::string_view name : absl::StrSplit(cross, '*'))
      names.emplace_back(absl::StripAsciiWhitespace(name));
    const bool is_named =
        std::none_of(names.begin(), names.end(), [](const std::string& name) { return name.empty(); });
    if (names.size() < 2 || names.size() > 8 || !is_named)
      return InvalidArgument(
          "Hyperparameter 'crosses' must name 2 to 8 features each, as in 'a*b, b*c', not '{}'", text);
  }
  return crosses;
}

}  // namespace

std::string_view NameOf(NetworkKind kind) {
  switch (kind) {
    case NetworkKind::kLinear:
      return "linear";
    case NetworkKind::kDense:
      return "dense";
    case NetworkKind::kWideAndDeep:
      return "wide_and_deep";
    case NetworkKind::kLstm:
      return "lstm";
    case NetworkKind::kAutoencoder:
      break;
  }
  return "autoencoder";
}

std::vector<HyperparameterDescription> HyperparametersOf(NetworkKind kind) {
  const bool is_deep = kind != NetworkKind::kLinear;
  const bool is_wide = kind == NetworkKind::kLinear || kind == NetworkKind::kWideAndDeep;
  const bool has_label = kind != NetworkKind::kAutoencoder;
  std::vector<HyperparameterDescription> all{
      {"num_epochs", "at most so many passes over the train split", is_deep ? 12 : 20, 1, 100000},
      {"batch_size", "examples a step", 256, 1, 1 << 20},
      {"shuffle_buffer",
       "splits with more examples are streamed from disk, so many at a time, and shuffled so", 1 << 20, 1,
       kMuch},
      {"learning_rate", "how far a step goes (Adam)", DefaultRate(kind), 1e-9, 10.0},
      {"schedule",
       "how the learning rate falls",
       "cosine",
       0,
       0,
       {"constant", "cosine", "exponential", "plateau"}},
      {"warmup_steps", "the learning rate rises over so many steps", 0, 0, kMuch},
      {"early_stopping_epochs", "stop when the eval loss has not fallen for so many epochs", 3, 1, 100000},
      {"l1", "penalty on the size of the weights", 0.0, 0.0, kMuch},
      {"l2", "penalty on the square of the weights", 0.0, 0.0, kMuch},
      {"gradient_clip_norm", "gradients are scaled down to this length; 0: never", 0.0, 0.0, kMuch},
  };
  if (has_label) {
    all.push_back({"positive_class_weight", "positive examples count so often", 1.0, 1e-6, 1e6});
    all.push_back({"balance_classes", "all classes weigh the same in training", false});
    all.push_back({"loss",
                   "what is minimised; auto: by the task (log_loss, squared_error)",
                   "auto",
                   0,
                   0,
                   {"auto", "log_loss", "squared_error", "absolute_error", "huber"}});
    all.push_back({"huber_delta", "errors above this count linearly; 0: 1.345 deviations of the labels", 0.0,
                   0.0, 1e30});
    all.push_back({"number_buckets", "numbers are also cut at so many quantiles, with a weight each; 0: not",
                   kind == NetworkKind::kLstm ? 0 : 32, 0, 65536});
  }
  if (is_wide) {
    all.push_back({"crosses", "features whose combinations get a weight each: 'a*b, b*c*d'", ""});
    all.push_back({"cross_buckets", "combinations are hashed to so many weights", 1 << 14, 2, 1 << 28});
  }
  if (is_deep) {
    all.push_back({"hidden_units", "widths of the layers",
                   kind == NetworkKind::kAutoencoder ? "32,8,32"
                   : kind == NetworkKind::kLstm      ? "32"
                                                     : "64,32"});
    all.push_back({"activation",
                   "of the layers",
                   kind == NetworkKind::kAutoencoder ? "tanh" : "relu",
                   0,
                   0,
                   {"relu", "tanh"}});
    all.push_back({"dropout", "share of a layer's outputs that a step leaves out", 0.0, 0.0, 0.95});
    all.push_back({"batch_norm", "layers are normalised over 64 examples at a time", false});
  }
  if (is_deep && has_label)
    all.push_back({"embedding_width", "numbers an id is learned as; 0: by the number of ids", 0, 0, 4096});
  if (kind == NetworkKind::kLstm)
    all.push_back({"recurrent_width", "width of the state that the series is read into", 32, 1, 4096});
  return all;
}

Result<NetworkOptions> ReadNetworkOptions(NetworkKind kind, const nlohmann::json& given) {
  NetworkOptions options;
  options.kind = kind;
  options.num_epochs = given.at("num_epochs");
  options.batch_size = given.at("batch_size");
  const int64_t buffer = given.at("shuffle_buffer");
  options.shuffle_buffer = std::max<int64_t>(1, buffer / options.batch_size) * options.batch_size;
  options.learning_rate = given.at("learning_rate");
  const std::string schedule = given.at("schedule");
  options.schedule = schedule == "constant"      ? RateSchedule::kConstant
                     : schedule == "exponential" ? RateSchedule::kExponential
                     : schedule == "plateau"     ? RateSchedule::kPlateau
                                                 : RateSchedule::kCosine;
  options.warmup_steps = given.at("warmup_steps");
  options.early_stopping_epochs = given.at("early_stopping_epochs");
  options.l1 = given.at("l1");
  options.l2 = given.at("l2");
  options.gradient_clip_norm = given.at("gradient_clip_norm");
  options.class_weights = {given.value("positive_class_weight", 1.0), given.value("balance_classes", false)};
  options.loss = given.value("loss", "auto");
  options.huber_delta = given.value("huber_delta", 0.0);
  options.number_buckets = given.value("number_buckets", int64_t{0});
  options.cross_buckets = given.value("cross_buckets", int64_t{1});
  PENSTOCK_ASSIGN_OR_RETURN(options.crosses, ReadCrosses(given.value("crosses", "")));
  if (!options.has_deep()) return options;
  PENSTOCK_ASSIGN_OR_RETURN(options.hidden_units, ReadHiddenUnits(given.at("hidden_units")));
  options.activation = given.at("activation") == "tanh" ? model::Activation::kTanh : model::Activation::kRelu;
  options.dropout = given.at("dropout");
  options.batch_norm = given.at("batch_norm");
  options.embedding_width = given.value("embedding_width", int64_t{0});
  options.recurrent_width = given.value("recurrent_width", int64_t{0});
  return options;
}

}  // namespace penstock::learning
