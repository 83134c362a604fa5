#include "penstock/data/example_diff.h"

#include <algorithm>
#include <set>
#include <span>
#include <tuple>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include "penstock/base/digest.h"
#include "penstock/base/near_miss.h"
#include "penstock/data/example_cells.h"
#include "penstock/data/json_lines/json_text.h"

namespace penstock::data {
namespace {

constexpr const char* kMissingValue = "__MISSING_VALUE__";

/// A pair that differs, by the hash that orders the sample.
struct Candidate {
  uint64_t order;
  int64_t base_shard, base_row, test_shard, test_row;
  std::vector<uint8_t> outcomes;  // Of each feature.

  auto Key() const { return std::tie(order, base_shard, base_row, test_shard, test_row); }
};

enum Outcome : uint8_t { kMatch, kBaseOnly, kTestOnly, kMismatch, kBothEmpty };

Outcome Compare(Presence base, uint64_t base_hash, Presence test, uint64_t test_hash) {
  if (base == Presence::kValue && test == Presence::kValue)
    return base_hash == test_hash ? kMatch : kMismatch;
  if (base == Presence::kValue) return kBaseOnly;
  if (test == Presence::kValue) return kTestOnly;
  return base == test ? kMatch : kBothEmpty;
}

void Count(Outcome outcome, Presence base, Presence test, FeatureSkew& skew) {
  skew.base_count += base == Presence::kValue;
  skew.test_count += test == Presence::kValue;
  skew.match_count += outcome == kMatch;
  skew.base_only += outcome == kBaseOnly;
  skew.test_only += outcome == kTestOnly;
  skew.mismatch_count += outcome == kMismatch;
}

/// Joins the parts of two datasets, one after the other.
class Join {
 public:
  Join(const ExampleDiffOptions& options, const std::vector<std::string>& features, ExampleDiff& diff)
      : options_(options), features_(features), diff_(diff) {
    for (const std::string& feature : features) diff.skew_results.emplace_back().feature_name = feature;
    for (const std::string& name : options.confusion_features) {
      const auto at = std::find(features.begin(), features.end(), name);
      confused_.push_back(static_cast<size_t>(at - features.begin()));
    }
  }

  void AddPart(const CellTable& base, const CellTable& test) {
    diff_.match_stats.base_missing_id_count += base.num_without_identifier;
    diff_.match_stats.test_missing_id_count += test.num_without_identifier;
    diff_.match_stats.base_with_id_count += static_cast<int64_t>(base.rows.size());
    diff_.match_stats.test_with_id_count += static_cast<int64_t>(test.rows.size());
    const auto base_rows = Sorted(base), test_rows = Sorted(test);
    for (size_t b = 0, t = 0; b < base_rows.size() || t < test_rows.size();) {
      const uint64_t identifier = t == test_rows.size() ? base_rows[b].identifier
                                  : b == base_rows.size()
                                      ? test_rows[t].identifier
                                      : std::min(base_rows[b].identifier, test_rows[t].identifier);
      const size_t b_begin = b, t_begin = t;
      while (b < base_rows.size() && base_rows[b].identifier == identifier) ++b;
      while (t < test_rows.size() && test_rows[t].identifier == identifier) ++t;
      AddIdentifier(base, {base_rows.data() + b_begin, b - b_begin}, test,
                    {test_rows.data() + t_begin, t - t_begin});
    }
  }

  const std::vector<Candidate>& sample() const { return sample_; }

 private:
  using Rows = std::span<const CellTable::Row>;

  static std::vector<CellTable::Row> Sorted(const CellTable& table) {
    std::vector<CellTable::Row> rows = table.rows;
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.identifier < b.identifier; });
    return rows;
  }

  void AddIdentifier(const CellTable& base, Rows base_rows, const CellTable& test, Rows test_rows) {
    MatchStats& stats = diff_.match_stats;
    ++stats.identifiers_count;
    stats.ids_missing_in_base_count += base_rows.empty();
    stats.ids_missing_in_test_count += test_rows.empty();
    const bool is_duplicate = base_rows.size() > 1 || test_rows.size() > 1;
    stats.duplicate_id_count += is_duplicate;
    stats.matching_pairs_count += static_cast<int64_t>(base_rows.size() * test_rows.size());
    if (is_duplicate && !options_.allow_duplicate_identifiers) return;
    for (const CellTable::Row& b : base_rows)
      for (const CellTable::Row& t : test_rows) AddPair(base, b, test, t);
  }

  void AddPair(const CellTable& base, const CellTable::Row& b, const CellTable& test,
               const CellTable::Row& t) {
    std::vector<uint8_t> outcomes(features_.size());
    bool is_skewed = false;
    for (size_t i = 0; i < features_.size(); ++i) {
      const Presence in_base = base.presences[b.cells + i], in_test = test.presences[t.cells + i];
      const Outcome outcome = Compare(in_base, base.hashes[b.cells + i], in_test, test.hashes[t.cells + i]);
      Count(outcome, in_base, in_test, diff_.skew_results[i]);
      outcomes[i] = outcome;
      is_skewed = is_skewed || outcome != kMatch;
    }
    for (size_t k = 0; k < confused_.size(); ++k) {
      const auto text = [&](const CellTable& table, const CellTable::Row& row) -> std::string {
        const size_t cell = row.cells + confused_[k];
        return table.presences[cell] == Presence::kValue ? table.texts[k].at(table.hashes[cell])
                                                         : kMissingValue;
      };
      ++diff_.confusion_counts[options_.confusion_features[k]][{text(base, b), text(test, t)}];
    }
    if (!is_skewed || options_.sample_size == 0) return;
    const int64_t place[] = {b.shard, b.row, t.shard, t.row};
    const uint64_t order = Hash64({reinterpret_cast<const char*>(place), sizeof place});
    Offer({order, b.shard, b.row, t.shard, t.row, std::move(outcomes)});
  }

  void Offer(Candidate candidate) {
    const auto is_before = [](const Candidate& a, const Candidate& b) { return a.Key() < b.Key(); };
    const auto at = std::lower_bound(sample_.begin(), sample_.end(), candidate, is_before);
    if (at == sample_.end() && static_cast<int64_t>(sample_.size()) >= options_.sample_size) return;
    sample_.insert(at, std::move(candidate));
    if (static_cast<int64_t>(sample_.size()) > options_.sample_size) sample_.pop_back();
  }

  const ExampleDiffOptions& options_;
  const std::vector<std::string>& features_;
  ExampleDiff& diff_;
  std::vector<size_t> confused_;   // Indices into features_.
  std::vector<Candidate> sample_;  // Those of least hash, in order.
};

/// A row as a JSON object; bytes as their number.
std::string RowText(const Batch& row) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < row->num_columns(); ++i) {
    if (json_lines::IsJsonType(*row->column(i)->type())) {
      fields.push_back(row->schema()->field(i));
      columns.push_back(row->column(i));
    } else if (row->column(i)->type_id() == arrow::Type::BINARY && row->column(i)->IsValid(0)) {
      const auto size = static_cast<const arrow::BinaryArray&>(*row->column(i)).GetView(0).size();
      fields.push_back(arrow::field(row->schema()->field(i)->name(), arrow::utf8()));
      arrow::StringBuilder text;
      if (!text.Append(fmt::format("<{} bytes>", size)).ok()) continue;
      columns.push_back(text.Finish().ValueOr(nullptr));
    }
  }
  std::string text;
  json_lines::AppendJsonRow(*arrow::RecordBatch::Make(arrow::schema(fields), 1, columns), 0, text);
  text.pop_back();
  return text;
}

/// All columns of either that are compared, by name.
std::vector<std::string> ComparedColumns(const Dataset& base, const Dataset& test,
                                         const ExampleDiffOptions& options) {
  std::set<std::string> names;
  for (const auto& dataset : {&base, &test})
    for (const auto& field : dataset->schema()->fields()) names.insert(field->name());
  for (const std::string& name : options.identifier_features) names.erase(name);
  for (const std::string& name : options.ignore_features) names.erase(name);
  return {names.begin(), names.end()};
}

Status CheckOptions(const Dataset& base, const Dataset& test, const ExampleDiffOptions& options) {
  if (options.identifier_features.empty())
    return InvalidArgument("Name at least one identifier feature to join the examples by");
  if (options.sample_size < 0)
    return InvalidArgument("The sample size must be 0 or more, not {}", options.sample_size);
  for (const auto* named : {&options.ignore_features, &options.confusion_features}) {
    for (const std::string& name : *named) {
      if (base.schema()->GetFieldIndex(name) >= 0 || test.schema()->GetFieldIndex(name) >= 0) continue;
      return NotFound("There is no column '{}' in either dataset{}", name,
                      DidYouMean(name, base.schema()->field_names()));
    }
  }
  for (const std::string& name : options.confusion_features) {
    for (const auto* dataset : {&base, &test}) {
      const auto field = dataset->schema()->GetFieldByName(name);
      if (field == nullptr || field->type()->id() == arrow::Type::STRING) continue;
      return InvalidArgument("Pairs of values can be counted of a text column; '{}' is {}", name,
                             field->type()->ToString());
    }
  }
  return OkStatus();
}

Result<SkewPair> PairOf(const Candidate& candidate, const std::vector<std::string>& features,
                        const ExampleCells& base, const ExampleCells& test) {
  SkewPair pair;
  PENSTOCK_ASSIGN_OR_RETURN(const Batch in_base, base.ReadRow(candidate.base_shard, candidate.base_row));
  PENSTOCK_ASSIGN_OR_RETURN(const Batch in_test, test.ReadRow(candidate.test_shard, candidate.test_row));
  pair.base = RowText(in_base);
  pair.test = RowText(in_test);
  for (size_t i = 0; i < features.size(); ++i) {
    if (candidate.outcomes[i] == kBaseOnly) pair.base_only_features.push_back(features[i]);
    if (candidate.outcomes[i] == kTestOnly) pair.test_only_features.push_back(features[i]);
    if (candidate.outcomes[i] == kMismatch) pair.mismatched_features.push_back(features[i]);
  }
  return pair;
}

/// In how many parts to read, so that the hashes of one fit.
int64_t NumParts(const Dataset& base, const Dataset& test, size_t num_features, int64_t max_memory_bytes) {
  int64_t num_bytes = 0;
  for (const auto* dataset : {&base, &test})
    for (int64_t shard = 0; shard < dataset->num_shards(); ++shard) num_bytes += dataset->ShardBytes(shard);
  // A value takes at least a byte or so where it lies, and nine here; a row 32 more.
  const auto per_column = static_cast<int64_t>(num_features) + 1;
  const int64_t estimate = num_bytes / per_column * (9 * per_column + 32);
  return std::clamp<int64_t>(estimate / std::max<int64_t>(max_memory_bytes, 1) + 1, 1, 4096);
}

}  // namespace

Result<ExampleDiff> DiffExamples(const Dataset& base, const Dataset& test, const ExampleDiffOptions& options,
                                 const ExecutionOptions& execution) {
  PENSTOCK_RETURN_IF_ERROR(CheckOptions(base, test, options));
  const std::vector<std::string> features = ComparedColumns(base, test, options);
  std::vector<std::string> identifiers = options.identifier_features;
  std::sort(identifiers.begin(), identifiers.end());
  const auto cells_of = [&](const Dataset& dataset) {
    return ExampleCells::Make(dataset, identifiers, features, options.confusion_features,
                              options.float_round_ndigits);
  };
  PENSTOCK_ASSIGN_OR_RETURN(const ExampleCells base_cells, cells_of(base));
  PENSTOCK_ASSIGN_OR_RETURN(const ExampleCells test_cells, cells_of(test));
  ExampleDiff diff;
  Join join(options, features, diff);
  const int64_t num_parts = NumParts(base, test, features.size(), options.max_memory_bytes);
  for (int64_t part = 0; part < num_parts; ++part) {
    PENSTOCK_ASSIGN_OR_RETURN(const CellTable in_base, base_cells.Read(part, num_parts, execution));
    PENSTOCK_ASSIGN_OR_RETURN(const CellTable in_test, test_cells.Read(part, num_parts, execution));
    join.AddPart(in_base, in_test);
  }
  for (const Candidate& candidate : join.sample()) {
    PENSTOCK_ASSIGN_OR_RETURN(SkewPair pair, PairOf(candidate, features, base_cells, test_cells));
    diff.skew_pairs.push_back(std::move(pair));
  }
  return diff;
}

}  // namespace penstock::data
