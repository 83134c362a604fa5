#pragma once

#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/program.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::transform {

/// What an analysis found, as JSON: {"named": {summary: {"value": ..}}, "vocabularies": {file: {"format":
/// "text", "entries": [line ..]}}}. Vocabularies go by their vocab_filename, else by the feature; entries
/// with store_frequency are "score token". Keyed analyses with a key_vocabulary_filename are there too.
/// NaN and infinities are the texts "NaN", "Infinity" and "-Infinity"; bytes that are no UTF-8 are
/// {"b64": ..}.
Result<std::string> AnalysisReport(const TransformGraph& graph);

/// A vocabulary's lines: its tokens in the order of their ids, with their scores where they are stored.
std::vector<std::string> VocabularyLines(const Program& program, const Analysis& analysis);

}  // namespace penstock::transform
