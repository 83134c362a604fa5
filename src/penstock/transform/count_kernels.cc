#include <algorithm>
#include <cmath>
#include <map>

#include "penstock/transform/kernels.h"
#include "penstock/transform/list_builder.h"

namespace penstock::transform {
namespace {

/// The keys, their counts, or how many there are of buckets "0", "1" ...: for every example the same.
Result<Column> RepeatCounts(const Node& node, const CountsResult& counts, int64_t num_rows) {
  if (node.op == Operator::kKeys) {
    auto keys = std::make_shared<const std::vector<std::string>>(counts.keys);
    ListBuilder<std::string_view> lists(ValueType::kText, num_rows);
    for (int64_t row = 0; row < num_rows; ++row) {
      for (const std::string& key : *keys) lists.Add(key);
      lists.EndRow();
    }
    PENSTOCK_ASSIGN_OR_RETURN(Column column, lists.Finish());
    column.KeepAlive(std::move(keys));
    return column;
  }
  std::vector<int64_t> numbers = counts.values;
  if (node.op == Operator::kBucketCounts) {
    numbers.clear();
    for (int64_t bucket = 0; bucket < node.integer; ++bucket) {
      const int64_t place = counts.Find(std::to_string(bucket));
      numbers.push_back(place < 0 ? 0 : counts.values[static_cast<size_t>(place)]);
    }
  }
  ListBuilder<int64_t> lists(ValueType::kInteger, num_rows);
  for (int64_t row = 0; row < num_rows; ++row) {
    for (const int64_t number : numbers) lists.Add(number);
    lists.EndRow();
  }
  return lists.Finish();
}

Result<Column> KeyIndices(const CountsResult& counts, const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  for (int64_t i = 0; i < x.size(); ++i)
    column.MutableValues<int64_t>()[i] = x.IsPresent(i) ? counts.Find(x.texts()[i]) : -1;
  column.SetPresence(x.presence_buffer());
  return column;
}

int64_t DocumentsWith(const DocumentsResult& documents, int64_t term) {
  const auto found = std::lower_bound(documents.terms.begin(), documents.terms.end(), term);
  if (found == documents.terms.end() || *found != term) return 0;
  return documents.counts[static_cast<size_t>(found - documents.terms.begin())];
}

/// ln((N + 1) / (n + 1)) where `is_smooth`, else ln(N / n); and 1 more with a baseline.
double InverseFrequency(const DocumentsResult& documents, int64_t term, bool is_smooth, bool has_baseline) {
  const auto all = static_cast<double>(documents.num_documents);
  const auto with = static_cast<double>(DocumentsWith(documents, term));
  return std::log(is_smooth ? (all + 1) / (with + 1) : all / with) + (has_baseline ? 1 : 0);
}

Result<Column> DocumentFrequencies(const DocumentsResult& documents, const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  for (int64_t i = 0; i < x.size(); ++i)
    column.MutableValues<int64_t>()[i] = DocumentsWith(documents, x.integers()[i]);
  column.SetPresence(x.presence_buffer());
  return column;
}

Result<Column> InverseFrequencies(const Node& node, const DocumentsResult& documents, const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.size()));
  for (int64_t i = 0; i < x.size(); ++i) {
    column.MutableValues<double>()[i] =
        InverseFrequency(documents, x.integers()[i], node.integer != 0, node.num_oov_buckets != 0);
  }
  column.SetPresence(x.presence_buffer());
  return column;
}

/// Of every example's distinct terms, rising: the terms, or how often each is there times its rarity.
Result<Column> Tfidf(const Node& node, const DocumentsResult& documents, const Column& x) {
  ListBuilder<int64_t> terms(ValueType::kInteger, x.num_rows());
  ListBuilder<double> weights(ValueType::kNumber, x.num_rows());
  std::map<int64_t, int64_t> counts;
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    counts.clear();
    int64_t size = 0;
    const ValueRange range = RangeOf(x, row);
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (!x.IsPresent(i)) continue;
      ++counts[x.integers()[i]];
      ++size;
    }
    for (const auto& [term, count] : counts) {
      terms.Add(term);
      weights.Add(static_cast<double>(count) / static_cast<double>(size) *
                  InverseFrequency(documents, term, node.integer != 0, true));
    }
    terms.EndRow();
    weights.EndRow();
  }
  return node.op == Operator::kTfidfTerms ? terms.Finish() : weights.Finish();
}

Result<Column> VocabularySize(const Node& node, const Vocabulary& vocabulary, int64_t num_rows) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, num_rows));
  std::fill_n(column.MutableValues<int64_t>(), num_rows, vocabulary.size() + node.num_oov_buckets);
  return column;
}

}  // namespace

Result<Column> ComputeFromCounts(const Node& node, const Analysis& analysis, Inputs inputs) {
  const Column& x = *inputs[0];
  switch (node.op) {
    case Operator::kVocabularySize:
      return VocabularySize(node, *std::get<VocabularyResult>(analysis.result), x.num_rows());
    case Operator::kKeyIndex:
      return KeyIndices(std::get<CountsResult>(analysis.result), x);
    case Operator::kDocumentFrequency:
      return DocumentFrequencies(std::get<DocumentsResult>(analysis.result), x);
    case Operator::kIdf:
      return InverseFrequencies(node, std::get<DocumentsResult>(analysis.result), x);
    case Operator::kTfidfTerms:
    case Operator::kTfidfWeights:
      return Tfidf(node, std::get<DocumentsResult>(analysis.result), x);
    default:
      return RepeatCounts(node, std::get<CountsResult>(analysis.result), x.num_rows());
  }
}

}  // namespace penstock::transform
