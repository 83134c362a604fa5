#include "penstock/validation/feature_path.h"

namespace penstock::validation {
namespace {

/// Can stand in a serialized path as it is: no dot, quote or parenthesis, or one pair of parentheses around
/// all of it.
bool NeedsNoQuotes(std::string_view step) {
  if (step.empty()) return false;
  if (step.size() >= 2 && step.front() == '(' && step.back() == ')')
    return step.substr(1, step.size() - 2).find_first_of("()") == std::string_view::npos;
  return step.find_first_of("().'") == std::string_view::npos;
}

void AppendStep(std::string_view step, std::string& out) {
  if (NeedsNoQuotes(step)) {
    out += step;
    return;
  }
  out += '\'';
  for (char c : step) {
    if (c == '\'') out += '\'';
    out += c;
  }
  out += '\'';
}

}  // namespace

FeaturePath FeaturePath::Child(std::string_view step) const {
  FeaturePath child = *this;
  child.steps_.emplace_back(step);
  return child;
}

FeaturePath FeaturePath::Parent() const {
  return FeaturePath(std::vector<std::string>(steps_.begin(), steps_.end() - 1));
}

std::string FeaturePath::Serialize() const {
  std::string out;
  for (const std::string& step : steps_) {
    if (&step != &steps_.front()) out += '.';
    AppendStep(step, out);
  }
  return out;
}

tensorflow::metadata::v0::Path FeaturePath::ToProto() const {
  tensorflow::metadata::v0::Path path;
  for (const std::string& step : steps_) path.add_step(step);
  return path;
}

}  // namespace penstock::validation
