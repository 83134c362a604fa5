#include "penstock/evaluation/worst_slices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "penstock/base/near_miss.h"

namespace penstock::evaluation {
namespace {

// Examples as codes: what the search runs over.
struct CodedColumn {
  std::string name;
  std::vector<uint16_t> codes;      // Of each example.
  std::vector<std::string> values;  // Of each code.
  SliceFeature::Kind kind = SliceFeature::Kind::kText;
  bool is_usable = true;
};

// One column of all examples, as it is read.
struct RawColumn {
  std::string name;
  bool is_text = false, is_integer = false, is_usable = true;
  std::vector<double> numbers;  // NaN: missing.
  std::vector<uint16_t> codes;  // Of texts.
  std::unordered_map<std::string, uint16_t> dictionary;
  std::vector<std::string> texts;
};

struct ShardData {
  std::vector<std::vector<ColumnPointer>> batches;
  std::vector<std::vector<int64_t>> rows;  // Those with a label and a prediction.
  std::vector<double> labels, predictions;
};

// Sums of a slice.
struct Cell {
  int64_t count = 0;
  double sum = 0, squares = 0;
};

Result<ShardData> ReadShardData(const data::Dataset& examples, int64_t shard,
                                const WorstSliceOptions& options, const std::vector<std::string>& columns) {
  ShardData data;
  PENSTOCK_ASSIGN_OR_RETURN(const auto reader, examples.ReadShard(shard));
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch.has_value()) return data;
    PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer label, ReadExampleColumn(*batch, options.target.label));
    PENSTOCK_ASSIGN_OR_RETURN(label, AsNumbers(label));
    PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer prediction, ReadExampleColumn(*batch, options.target.prediction));
    PENSTOCK_ASSIGN_OR_RETURN(prediction, AsNumbers(prediction));
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < (*batch)->num_rows(); ++row) {
      if (label->Size(row) != 1 || prediction->Size(row) != 1) continue;
      const double l = label->Numbers(row)[0], p = prediction->Numbers(row)[0];
      if (!std::isfinite(l) || !std::isfinite(p)) continue;
      rows.push_back(row);
      data.labels.push_back(l);
      data.predictions.push_back(p);
    }
    std::vector<ColumnPointer> read;
    for (const std::string& name : columns) {
      PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer column, ReadExampleColumn(*batch, name));
      read.push_back(std::move(column));
    }
    data.batches.push_back(std::move(read));
    data.rows.push_back(std::move(rows));
  }
}

void AppendColumn(const ExampleColumn& column, const std::vector<int64_t>& rows, size_t max_values,
                  RawColumn& into) {
  into.is_text = into.is_text || column.is_text;
  into.is_integer = column.is_integer;
  for (const int64_t row : rows) {
    if (!into.is_usable) return;
    const int64_t size = column.Size(row);
    if (size > 1) {
      into.is_usable = false;
      return;
    }
    if (!column.is_text) {
      into.numbers.push_back(size == 0 ? std::numeric_limits<double>::quiet_NaN()
                                       : column.numbers[static_cast<size_t>(column.Begin(row))]);
      continue;
    }
    const std::string text = size == 0 ? "(missing)" : column.texts[static_cast<size_t>(column.Begin(row))];
    const auto [at, added] = into.dictionary.try_emplace(text, static_cast<uint16_t>(into.texts.size()));
    if (added) into.texts.push_back(text);
    into.is_usable = into.texts.size() <= max_values;
    into.codes.push_back(at->second);
  }
}

// Numbers by value where there are few, else by ranges of about equal counts.
CodedColumn CodeNumbers(const RawColumn& raw, int max_values) {
  CodedColumn coded;
  coded.name = raw.name;
  coded.kind = raw.is_integer ? SliceFeature::Kind::kInt64 : SliceFeature::Kind::kDouble;
  std::vector<double> sorted;
  for (const double number : raw.numbers)
    if (!std::isnan(number)) sorted.push_back(number);
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> distinct;
  for (const double number : sorted) {
    if (distinct.empty() || number != distinct.back()) distinct.push_back(number);
    if (distinct.size() > static_cast<size_t>(max_values)) break;
  }
  std::vector<double> edges;  // The lower end of each code.
  if (distinct.size() <= static_cast<size_t>(max_values)) {
    edges = distinct;
    for (const double value : distinct) coded.values.push_back(fmt::format("{}", value));
  } else {
    constexpr size_t kNumRanges = 10;
    for (size_t i = 0; i < kNumRanges; ++i) {
      const double edge = sorted[i * sorted.size() / kNumRanges];
      if (edges.empty() || edge != edges.back()) edges.push_back(edge);
    }
    for (size_t i = 0; i < edges.size(); ++i)
      coded.values.push_back(i + 1 < edges.size() ? fmt::format("[{:.6g}, {:.6g})", edges[i], edges[i + 1])
                                                  : fmt::format("[{:.6g}, {:.6g}]", edges[i], sorted.back()));
    coded.kind = SliceFeature::Kind::kText;
  }
  coded.values.emplace_back("(missing)");
  coded.codes.reserve(raw.numbers.size());
  for (const double number : raw.numbers) {
    const auto above = std::upper_bound(edges.begin(), edges.end(), number) - edges.begin();
    coded.codes.push_back(
        static_cast<uint16_t>(std::isnan(number) ? edges.size() : static_cast<size_t>(above - 1)));
  }
  coded.is_usable = coded.values.size() > 1;
  return coded;
}

CodedColumn Code(RawColumn raw, int max_values) {
  CodedColumn coded;
  coded.name = raw.name;
  coded.is_usable = raw.is_usable && (!raw.is_text || raw.numbers.empty());
  if (!coded.is_usable) return coded;
  if (!raw.is_text) return CodeNumbers(raw, max_values);
  coded.codes = std::move(raw.codes);
  coded.values = std::move(raw.texts);
  return coded;
}

double UpperTail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

class Search {
 public:
  Search(std::vector<CodedColumn> columns, std::vector<double> losses, const WorstSliceOptions& options)
      : columns_(std::move(columns)), losses_(std::move(losses)), options_(options) {
    for (const double loss : losses_) {
      ++all_.count;
      all_.sum += loss;
      all_.squares += loss * loss;
    }
    min_examples_ =
        options.min_examples > 0 ? options.min_examples : std::max<int64_t>(20, all_.count / 1000);
  }

  Status Run(const ExecutionOptions& execution, WorstSlices& into) {
    std::vector<std::pair<size_t, size_t>> pairs;
    for (size_t a = 0; a < columns_.size(); ++a)
      for (size_t b = a; b < columns_.size(); ++b) pairs.emplace_back(a, b);
    std::vector<std::vector<WorstSlice>> found(pairs.size());
    std::vector<int64_t> num_candidates(pairs.size());
    PENSTOCK_RETURN_IF_ERROR(ParallelFor(static_cast<int64_t>(pairs.size()), execution, [&](int64_t i) {
      const auto [a, b] = pairs[static_cast<size_t>(i)];
      LookAt(a, b, found[static_cast<size_t>(i)], num_candidates[static_cast<size_t>(i)]);
      return execution.CheckCancelled();
    }));
    for (const int64_t count : num_candidates) into.num_candidates += count;
    std::vector<WorstSlice> all;
    for (auto& part : found) all.insert(all.end(), part.begin(), part.end());
    into.found = Choose(std::move(all), into.num_candidates);
    into.num_examples = all_.count;
    into.loss = all_.sum / static_cast<double>(all_.count);
    return OkStatus();
  }

 private:
  // Every value of column a (a == b), or every pair of values.
  void LookAt(size_t a, size_t b, std::vector<WorstSlice>& found, int64_t& num_candidates) const {
    const CodedColumn& first = columns_[a];
    const CodedColumn& second = columns_[b];
    const size_t width = a == b ? 1 : second.values.size();
    std::vector<Cell> cells(first.values.size() * width);
    for (size_t i = 0; i < losses_.size(); ++i) {
      Cell& cell = cells[first.codes[i] * width + (a == b ? 0 : second.codes[i])];
      ++cell.count;
      cell.sum += losses_[i];
      cell.squares += losses_[i] * losses_[i];
    }
    for (size_t c = 0; c < cells.size(); ++c) {
      const Cell& cell = cells[c];
      if (cell.count < min_examples_ || all_.count - cell.count < min_examples_) continue;
      ++num_candidates;
      const auto n = static_cast<double>(cell.count), m = static_cast<double>(all_.count - cell.count);
      const double mean = cell.sum / n, other = (all_.sum - cell.sum) / m;
      if (!(mean > other)) continue;
      const double variance = std::max(cell.squares / n - mean * mean, 0.0) / n;
      const double other_variance = std::max((all_.squares - cell.squares) / m - other * other, 0.0) / m;
      if (variance + other_variance <= 0) continue;
      WorstSlice slice;
      slice.slice.push_back({first.name, first.values[c / width], first.kind});
      if (a != b) slice.slice.push_back({second.name, second.values[c % width], second.kind});
      std::sort(slice.slice.begin(), slice.slice.end());
      slice.num_examples = cell.count;
      slice.loss = mean;
      slice.other_loss = other;
      slice.z = (mean - other) / std::sqrt(variance + other_variance);
      slice.p_value = UpperTail(slice.z);
      if (slice.p_value < options_.significance) found.push_back(std::move(slice));
    }
  }

  // A pair whose excess is what one of its values has anyway says nothing new.
  static bool IsExplainedBy(const WorstSlice& slice, const WorstSlice& wider) {
    if (wider.slice.size() >= slice.slice.size()) return false;
    return std::includes(slice.slice.begin(), slice.slice.end(), wider.slice.begin(), wider.slice.end()) &&
           slice.loss < wider.loss * 1.25;
  }

  std::vector<WorstSlice> Choose(std::vector<WorstSlice> all, int64_t num_candidates) const {
    for (WorstSlice& slice : all)
      slice.p_value = std::min(1.0, slice.p_value * static_cast<double>(num_candidates));
    std::erase_if(all, [&](const WorstSlice& slice) { return slice.p_value > options_.significance; });
    std::sort(all.begin(), all.end(), [](const WorstSlice& a, const WorstSlice& b) {
      if (a.z != b.z) return a.z > b.z;
      return a.slice < b.slice;
    });
    std::vector<WorstSlice> chosen;
    for (WorstSlice& slice : all) {
      if (static_cast<int64_t>(chosen.size()) >= options_.max_found) break;
      if (std::any_of(chosen.begin(), chosen.end(),
                      [&](const WorstSlice& each) { return IsExplainedBy(slice, each); }))
        continue;
      chosen.push_back(std::move(slice));
    }
    return chosen;
  }

  const std::vector<CodedColumn> columns_;
  const std::vector<double> losses_;
  const WorstSliceOptions& options_;
  Cell all_;
  int64_t min_examples_ = 0;
};

Result<std::vector<std::string>> ColumnsFor(const data::Dataset& examples, const WorstSliceOptions& options) {
  const std::vector<std::string> names = examples.schema()->field_names();
  std::vector<std::string> columns = options.columns;
  for (const std::string& column : columns)
    if (std::find(names.begin(), names.end(), column) == names.end())
      return NotFound("The data has no column '{}' to search worst slices by{}", column,
                      DidYouMean(column, names));
  if (!columns.empty()) return columns;
  for (const std::string& name : names)
    if (name != options.target.label && name != options.target.prediction && name != options.target.weight &&
        !name.starts_with("__"))
      columns.push_back(name);
  return columns;
}

std::vector<double> LossesOf(const std::vector<double>& labels, const std::vector<double>& predictions,
                             std::string& name) {
  const bool is_binary =
      std::all_of(labels.begin(), labels.end(), [](double label) { return label == 0 || label == 1; }) &&
      std::all_of(predictions.begin(), predictions.end(), [](double p) { return p >= 0 && p <= 1; });
  name = is_binary ? "binary_crossentropy" : "squared_error";
  std::vector<double> losses(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const double error = predictions[i] - labels[i];
    const double kept = std::clamp(predictions[i], 1e-7, 1 - 1e-7);
    losses[i] = !is_binary ? error * error : labels[i] == 1 ? -std::log(kept) : -std::log1p(-kept);
  }
  return losses;
}

}  // namespace

Result<WorstSlices> FindWorstSlices(const data::Dataset& examples, const WorstSliceOptions& options,
                                    const ExecutionOptions& execution) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names, ColumnsFor(examples, options));
  std::vector<RawColumn> raw(names.size());
  for (size_t i = 0; i < names.size(); ++i) raw[i].name = names[i];
  std::vector<double> labels, predictions;
  const int64_t wave = 2 * int64_t{execution.ResolvedThreads()};
  for (int64_t first = 0; first < examples.num_shards(); first += wave) {
    const int64_t count = std::min(wave, examples.num_shards() - first);
    std::vector<ShardData> shards(static_cast<size_t>(count));
    PENSTOCK_RETURN_IF_ERROR(ParallelFor(count, execution, [&](int64_t i) -> Status {
      PENSTOCK_ASSIGN_OR_RETURN(shards[static_cast<size_t>(i)],
                                ReadShardData(examples, first + i, options, names));
      return OkStatus();
    }));
    for (const ShardData& shard : shards) {
      labels.insert(labels.end(), shard.labels.begin(), shard.labels.end());
      predictions.insert(predictions.end(), shard.predictions.begin(), shard.predictions.end());
    }
    PENSTOCK_RETURN_IF_ERROR(ParallelFor(static_cast<int64_t>(names.size()), execution, [&](int64_t column) {
      const auto at = static_cast<size_t>(column);
      for (const ShardData& shard : shards)
        for (size_t b = 0; b < shard.batches.size(); ++b)
          AppendColumn(*shard.batches[b][at], shard.rows[b], static_cast<size_t>(options.max_values),
                       raw[at]);
      return OkStatus();
    }));
  }
  WorstSlices worst;
  if (labels.empty()) return InvalidArgument("There are no examples with a label and a prediction");
  std::vector<CodedColumn> coded(names.size());
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(static_cast<int64_t>(names.size()), execution, [&](int64_t column) {
    const auto at = static_cast<size_t>(column);
    coded[at] = Code(std::move(raw[at]), options.max_values);
    return OkStatus();
  }));
  std::vector<CodedColumn> usable;
  for (CodedColumn& column : coded) {
    if (column.is_usable) {
      usable.push_back(std::move(column));
    } else {
      worst.left_out.push_back(column.name);
    }
  }
  std::vector<double> losses = LossesOf(labels, predictions, worst.loss_name);
  PENSTOCK_RETURN_IF_ERROR(Search(std::move(usable), std::move(losses), options).Run(execution, worst));
  return worst;
}

std::string FormatWorstSlices(const WorstSlices& worst) {
  std::string text = fmt::format("{} of all {} examples: {:.6g}; {} slices looked at\n", worst.loss_name,
                                 worst.num_examples, worst.loss, worst.num_candidates);
  if (worst.found.empty()) return text + "No slice is worse than the rest beyond chance.\n";
  for (const WorstSlice& slice : worst.found)
    text += fmt::format("  {:.6g} against {:.6g} elsewhere, {} examples, p {:.2g}: {}\n", slice.loss,
                        slice.other_loss, slice.num_examples, slice.p_value, SliceText(slice.slice));
  if (!worst.left_out.empty())
    text += fmt::format("Left out (too many values): {}\n", fmt::join(worst.left_out, ", "));
  return text;
}

}  // namespace penstock::evaluation
