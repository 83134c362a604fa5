#include "penstock/learning/feature_match.h"

#include <algorithm>
#include <map>

#include "penstock/transform/program.h"

namespace penstock::learning {
namespace {

using transform::FeatureKind;
using transform::FeatureSchema;

struct Place {
  const FeatureSchema* schema;
  size_t index;
  int32_t first_column;
};

std::map<std::string, Place> PlacesOf(const transform::TransformGraph& graph) {
  std::map<std::string, Place> places;
  int32_t column = 0;
  for (size_t i = 0; i < graph.output_schema().size(); ++i) {
    const FeatureSchema& feature = graph.output_schema()[i];
    places[feature.name] = {&feature, i, column};
    column += static_cast<int32_t>(feature.width);
  }
  return places;
}

/// The vocabulary that gives a feature's ids, directly or below a one_hot; null where there is none.
const transform::Vocabulary* VocabularyOf(const transform::TransformGraph& graph, size_t feature) {
  const transform::Program& program = graph.program();
  const transform::Node* node = &program.nodes[program.features[feature].node];
  if (node->op == transform::Operator::kOneHot && !node->inputs.empty())
    node = &program.nodes[node->inputs[0]];
  if (node->op != transform::Operator::kVocabulary || node->analysis < 0) return nullptr;
  const auto* found = std::get_if<transform::VocabularyResult>(&program.analyses[node->analysis].result);
  return found == nullptr ? nullptr : found->get();
}

/// New id -> old id, through tokens where both have a vocabulary; beyond the vocabulary (out-of-vocabulary
/// buckets) by their place after it.
std::vector<int32_t> MatchIds(const transform::Vocabulary* before, int64_t num_before,
                              const transform::Vocabulary* now, int64_t num_now) {
  std::vector<int32_t> ids(static_cast<size_t>(num_now), -1);
  for (int64_t id = 0; id < num_now; ++id) {
    int64_t old = id;
    if (before != nullptr && now != nullptr)
      old = id < now->size() ? before->Find(now->token(id)) : before->size() + id - now->size();
    if (old >= 0 && old < num_before) ids[id] = static_cast<int32_t>(old);
  }
  return ids;
}

bool IsIdentity(const std::vector<int32_t>& values, int32_t first) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != first + static_cast<int32_t>(i)) return false;
  }
  return true;
}

}  // namespace

std::vector<FeatureMatch> MatchFeatures(const transform::TransformGraph& before,
                                        const transform::TransformGraph& now) {
  const std::map<std::string, Place> old_places = PlacesOf(before);
  std::vector<FeatureMatch> matches;
  for (size_t i = 0; i < now.output_schema().size(); ++i) {
    const FeatureSchema& feature = now.output_schema()[i];
    FeatureMatch& match = matches.emplace_back();
    match.name = feature.name;
    match.columns.assign(static_cast<size_t>(feature.width), -1);
    const auto found = old_places.find(feature.name);
    if (found == old_places.end() || found->second.schema->kind != feature.kind) continue;
    const Place& old = found->second;
    const transform::Vocabulary* old_tokens = VocabularyOf(before, old.index);
    const transform::Vocabulary* tokens = VocabularyOf(now, i);
    match.is_matched = true;
    if (feature.kind == FeatureKind::kCategorical) {
      match.columns[0] = old.first_column;
      match.ids = MatchIds(old_tokens, old.schema->num_buckets, tokens, feature.num_buckets);
      match.is_same = IsIdentity(match.ids, 0);
      continue;
    }
    const std::vector<int32_t> columns = MatchIds(old_tokens, old.schema->width, tokens, feature.width);
    for (size_t j = 0; j < columns.size(); ++j)
      match.columns[j] = columns[j] < 0 ? -1 : old.first_column + columns[j];
    match.is_same = IsIdentity(match.columns, old.first_column);
  }
  return matches;
}

Status CheckSameClasses(const transform::TransformGraph& before, const transform::TransformGraph& now) {
  const std::vector<std::string>&old_names = before.class_names(), &new_names = now.class_names();
  if (old_names == new_names) return OkStatus();
  const auto missing_from = [](const std::vector<std::string>& all, const std::vector<std::string>& from) {
    std::vector<std::string> missing;
    for (const std::string& name : all)
      if (std::find(from.begin(), from.end(), name) == from.end()) missing.push_back(name);
    return missing;
  };
  return InvalidArgument(
      "The model to start from tells other classes apart: new are [{}], gone are [{}]; train anew",
      fmt::join(missing_from(new_names, old_names), ", "),
      fmt::join(missing_from(old_names, new_names), ", "));
}

}  // namespace penstock::learning
