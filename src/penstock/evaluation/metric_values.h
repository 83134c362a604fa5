#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

#include "penstock/evaluation/metric_key.h"
#include "penstock/evaluation/metric_value.h"

namespace penstock::evaluation {

/// The values of one slice by key, in the order of keys. Slices that have the same keys can share them, so
/// that a million slices cost their numbers and not their names: 40 bytes a value. Reads like a map; finding
/// is logarithmic. Copies share keys; safe to read from any thread.
class MetricValues {
 public:
  struct Entry {
    const MetricKey& first;
    const MetricValue& second;
  };

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using reference = Entry;
    /// Lets `found->second` read on.
    struct pointer {
      Entry entry;
      const Entry* operator->() const { return &entry; }
    };

    Iterator(const MetricKey* key, const MetricValue* value) : key_(key), value_(value) {}
    Entry operator*() const { return {*key_, *value_}; }
    pointer operator->() const { return {**this}; }
    Iterator& operator++() {
      ++key_;
      ++value_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return key_ == other.key_; }
    bool operator!=(const Iterator& other) const { return key_ != other.key_; }

   private:
    const MetricKey* key_;
    const MetricValue* value_;
  };

  MetricValues() = default;
  explicit MetricValues(std::map<MetricKey, MetricValue> values);

  /// Takes the keys of `like` for its own where they are equal.
  void ShareKeys(const MetricValues& like);
  /// Adds or replaces a value; linear.
  void Set(MetricKey key, MetricValue value);

  Iterator begin() const { return At(0); }
  Iterator end() const { return At(values_.size()); }
  Iterator find(const MetricKey& key) const;
  size_t count(const MetricKey& key) const { return find(key) == end() ? 0 : 1; }
  size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  void clear();

 private:
  Iterator At(size_t i) const { return {keys_ == nullptr ? nullptr : keys_->data() + i, values_.data() + i}; }

  std::shared_ptr<const std::vector<MetricKey>> keys_;  // Sorted; null where there are no values.
  std::vector<MetricValue> values_;
};

}  // namespace penstock::evaluation
