#pragma once

#include <map>
#include <string>
#include <vector>

#include <tensorflow_model_analysis/proto/metrics_for_slice.pb.h>
#include <nlohmann/json_fwd.hpp>

namespace penstock::pages {

namespace tfma = ::tensorflow_model_analysis;

/// Things by the JSON that describes them, each once, in the order in which they were first seen.
class JsonList {
 public:
  int IndexOf(const nlohmann::json& thing);
  /// -1 where it is not there.
  int Find(const nlohmann::json& thing) const;
  const std::vector<nlohmann::json>& things() const { return things_; }

 private:
  std::map<std::string, int> index_;
  std::vector<nlohmann::json> things_;
};

/// [["payment_type", "Cash"], ...], values as texts; of a cross slice {"baseline": ..., "comparison": ...}.
/// Of MetricsForSlice, PlotsForSlice and MetricsValidationForSlice.
template <class Message>
nlohmann::json SliceJson(const Message& message);
nlohmann::json SliceKeyJson(const tfma::SliceKey& key);

/// What a metric is, apart from the model it was measured on.
nlohmann::json MetricJson(const tfma::MetricKey& key);
/// "class_id:1", "top_k:3"; "" without.
std::string SubKeyText(const tfma::SubKey& key);
/// Which model of which evaluation something was measured on.
nlohmann::json SeriesJson(int evaluation, const std::string& model, const std::string& output);

}  // namespace penstock::pages
