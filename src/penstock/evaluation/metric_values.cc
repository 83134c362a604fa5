#include "penstock/evaluation/metric_values.h"

#include <algorithm>
#include <utility>

namespace penstock::evaluation {

MetricValues::MetricValues(std::map<MetricKey, MetricValue> values) {
  if (values.empty()) return;
  auto keys = std::make_shared<std::vector<MetricKey>>();
  keys->reserve(values.size());
  values_.reserve(values.size());
  for (auto& [key, value] : values) {
    keys->push_back(key);
    values_.push_back(std::move(value));
  }
  keys_ = std::move(keys);
}

void MetricValues::ShareKeys(const MetricValues& like) {
  if (keys_ != nullptr && like.keys_ != nullptr && *keys_ == *like.keys_) keys_ = like.keys_;
}

void MetricValues::Set(MetricKey key, MetricValue value) {
  auto keys = keys_ == nullptr ? std::make_shared<std::vector<MetricKey>>()
                               : std::make_shared<std::vector<MetricKey>>(*keys_);
  const auto place = std::lower_bound(keys->begin(), keys->end(), key);
  const auto at = place - keys->begin();
  if (place != keys->end() && *place == key) {
    values_[static_cast<size_t>(at)] = std::move(value);
    return;
  }
  keys->insert(place, std::move(key));
  values_.insert(values_.begin() + at, std::move(value));
  keys_ = std::move(keys);
}

MetricValues::Iterator MetricValues::find(const MetricKey& key) const {
  if (keys_ == nullptr) return end();
  const auto place = std::lower_bound(keys_->begin(), keys_->end(), key);
  return place == keys_->end() || *place != key ? end() : At(static_cast<size_t>(place - keys_->begin()));
}

void MetricValues::clear() {
  keys_ = nullptr;
  values_.clear();
}

}  // namespace penstock::evaluation
