#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace penstock::learning {

/// The border to the plug-in libpenstock_boosted_trees.so: plain spans and strings, so that neither side
/// sees the other's libraries. An answer of "" is success, else it says what went wrong.

/// Dense rows of float32, row-major; NaN: missing.
struct BoosterMatrix {
  std::span<const float> values;
  int64_t num_rows = 0;
  int32_t num_columns = 0;
};

/// XGBoost's own parameter names and values.
using BoosterParameters = std::vector<std::pair<std::string, std::string>>;

/// Grows one tree at a time on gradients that the caller computes. Not for concurrent use;
/// works on the number of threads it was made with.
class Booster {
 public:
  enum class Split { kTrain, kEval };
  enum class Scale { kMargin, kPrediction };  ///< The sum of the leaves, or what the link makes of it.

  virtual ~Booster() = default;
  /// Grows a tree for each output. Row by row a value an output; hessians >= 0. The number of outputs is
  /// parameter num_class, or 1.
  virtual std::string Boost(std::span<const float> gradients, std::span<const float> hessians) = 0;
  /// Of all rows of a split and each output, by the trees so far; each call after a Boost costs its trees.
  virtual std::string Predict(Split split, Scale scale, std::span<float> predictions) = 0;
  /// XGBoost's model in UBJSON.
  virtual std::string Save(std::string& model) = 0;
  /// Goes on from what Save gave of a booster with the same parameters and matrices.
  virtual std::string Load(const std::string& model) = 0;
};

/// Makes a booster on copies of the matrices; null, and `error` set, where XGBoost refuses.
using MakeBoosterFunction = Booster* (*)(const BoosterParameters& parameters, const BoosterMatrix& train,
                                         const BoosterMatrix& eval, int num_threads, std::string& error);

/// The plug-in's only symbol, a MakeBoosterFunction. The number rises with every change of this border.
inline constexpr const char* kMakeBoosterSymbol = "penstock_make_booster_3";
inline constexpr const char* kBoosterLibraryName = "libpenstock_boosted_trees.so";

}  // namespace penstock::learning
