#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock::data::tfrecord {

/// Feature names, numbered. Most files hold the features of every record in the same order, so a look-up
/// first tries the name that came after the last one then. Not for concurrent use.
class FeatureIndex {
 public:
  /// The name's number, or -1.
  int Find(std::string_view name) {
    const int guess = last_ >= 0 ? after_[static_cast<size_t>(last_)] : first_;
    if (guess >= 0 && names_[static_cast<size_t>(guess)] == name) return last_ = guess;
    const auto found = numbers_.find(name);
    if (found == numbers_.end()) return -1;
    (last_ >= 0 ? after_[static_cast<size_t>(last_)] : first_) = found->second;
    return last_ = found->second;
  }
  /// Adds a new name; its number.
  int Add(std::string_view name) {
    const int number = static_cast<int>(names_.size());
    names_.emplace_back(name);
    after_.push_back(-1);
    numbers_.emplace(std::string(name), number);
    return number;
  }
  /// Says that a record begins.
  void StartRecord() { last_ = -1; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  std::vector<std::string> names_;
  std::vector<int> after_;  // Of each name, the one that followed it last time.
  int first_ = -1;
  int last_ = -1;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> numbers_;
};

}  // namespace penstock::data::tfrecord
