#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/base/near_miss.h"
#include "penstock/base/status.h"

namespace penstock {

/// Things by name: what an application registers, by calling a function, and what
/// names in files are looked up in. Filled before use, then read from any thread.
template <class T>
class Catalog {
 public:
  /// `what` names the kind in messages: "component", "learner", "metric".
  explicit Catalog(std::string what) : what_(std::move(what)) {}

  Status Register(std::string name, T thing) {
    auto [entry, added] = things_.try_emplace(std::move(name), std::move(thing));
    return added ? OkStatus() : AlreadyExists("The {} is registered twice: {}", what_, entry->first);
  }

  /// The thing, or kNotFound with the nearest name there is.
  Result<const T*> Find(std::string_view name) const {
    if (auto entry = things_.find(name); entry != things_.end()) return &entry->second;
    return NotFound("There is no {} named '{}'{}", what_, name, DidYouMean(name, Names()));
  }

  /// In alphabetical order.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, thing] : things_) names.push_back(name);
    return names;
  }

 private:
  std::string what_;
  std::map<std::string, T, std::less<>> things_;
};

}  // namespace penstock
