// The one source that sees XGBoost; built into libpenstock_boosted_trees.so.
#include <xgboost/c_api.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "penstock/learning/boosted_trees/booster.h"

namespace penstock::learning {
namespace {

std::string Answer(int code) { return code == 0 ? std::string() : std::string(XGBGetLastError()); }

/// XGBoost takes memory by address, as numpy's array interface writes it.
std::string ArrayInterface(const BoosterMatrix& matrix) {
  return "{\"data\":[" + std::to_string(reinterpret_cast<uintptr_t>(matrix.values.data())) +
         ",true],\"shape\":[" + std::to_string(matrix.num_rows) + "," + std::to_string(matrix.num_columns) +
         "],\"typestr\":\"<f4\",\"version\":3}";
}

class XgboostBooster final : public Booster {
 public:
  ~XgboostBooster() override {
    if (booster_ != nullptr) XGBoosterFree(booster_);
    for (DMatrixHandle matrix : matrices_) {
      if (matrix != nullptr) XGDMatrixFree(matrix);
    }
  }

  std::string Init(const BoosterParameters& parameters, const BoosterMatrix& train, const BoosterMatrix& eval,
                   int num_threads) {
    const std::string config = "{\"missing\":NaN,\"nthread\":" + std::to_string(num_threads) + "}";
    int index = 0;
    for (const BoosterMatrix& matrix : {train, eval}) {
      const std::string array = ArrayInterface(matrix);
      if (XGDMatrixCreateFromDense(array.c_str(), config.c_str(), &matrices_[index]) != 0) return Answer(-1);
      num_rows_[index++] = matrix.num_rows;
    }
    if (XGBoosterCreate(matrices_, 2, &booster_) != 0) return Answer(-1);
    parameters_ = parameters;
    parameters_.emplace_back("nthread", std::to_string(num_threads));
    return SetParameters();
  }

  std::string Boost(std::span<const float> gradients, std::span<const float> hessians) override {
    if (gradients.size() % static_cast<size_t>(num_rows_[0]) != 0 || hessians.size() != gradients.size()) {
      return "the gradients are not so many a row";
    }
    // The interface takes them as not const, but only reads them.
    return Answer(XGBoosterBoostOneIter(booster_, matrices_[0], const_cast<float*>(gradients.data()),
                                        const_cast<float*>(hessians.data()), gradients.size()));
  }

  std::string Predict(Split split, Scale scale, std::span<float> predictions) override {
    const int index = split == Split::kTrain ? 0 : 1;
    const std::string config =
        std::string("{\"type\":") + (scale == Scale::kMargin ? "1" : "0") +
        ",\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false}";
    const bst_ulong* shape = nullptr;
    bst_ulong num_dimensions = 0;
    const float* result = nullptr;
    if (XGBoosterPredictFromDMatrix(booster_, matrices_[index], config.c_str(), &shape, &num_dimensions,
                                    &result) != 0) {
      return Answer(-1);
    }
    bst_ulong size = 1;
    for (bst_ulong i = 0; i < num_dimensions; ++i) size *= shape[i];
    if (size != predictions.size()) return "the predictions are not so many a row";
    std::copy(result, result + size, predictions.begin());
    return "";
  }

  std::string Save(std::string& model) override {
    bst_ulong size = 0;
    const char* bytes = nullptr;
    if (XGBoosterSaveModelToBuffer(booster_, "{\"format\":\"ubj\"}", &size, &bytes) != 0) return Answer(-1);
    model.assign(bytes, size);
    return "";
  }

  std::string Load(const std::string& model) override {
    if (XGBoosterLoadModelFromBuffer(booster_, model.data(), model.size()) != 0) return Answer(-1);
    return SetParameters();
  }

 private:
  std::string SetParameters() {
    for (const auto& [name, value] : parameters_) {
      if (XGBoosterSetParam(booster_, name.c_str(), value.c_str()) != 0) return Answer(-1);
    }
    return "";
  }

  DMatrixHandle matrices_[2] = {nullptr, nullptr};  // Train, eval.
  int64_t num_rows_[2] = {0, 0};
  BoosterHandle booster_ = nullptr;
  BoosterParameters parameters_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) Booster* penstock_make_booster_3(
    const BoosterParameters& parameters, const BoosterMatrix& train, const BoosterMatrix& eval,
    int num_threads, std::string& error) {
  auto booster = std::make_unique<XgboostBooster>();
  error = booster->Init(parameters, train, eval, num_threads);
  return error.empty() ? booster.release() : nullptr;
}

static_assert(std::is_convertible_v<decltype(&penstock_make_booster_3), MakeBoosterFunction>);

}  // namespace penstock::learning
