#include "penstock/statistics/offending_examples.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/combine/row_groups.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/map_batches.h"
#include "penstock/statistics/row_rule.h"

namespace penstock::statistics {
namespace {

namespace v0 = tensorflow::metadata::v0;
using data::Batch;

constexpr const char* kNumRows = "penstock:num_rows";
enum Column : int { kRow = 0, kFeature, kType, kValue, kRule, kFirstOfData };

/// What the map of a batch adds before the data's columns; the rule's index is taken away again.
const std::vector<std::shared_ptr<arrow::Field>>& ReportFields() {
  static const auto* const kFields = new std::vector<std::shared_ptr<arrow::Field>>{
      arrow::field("anomaly_row", arrow::int64()), arrow::field("anomaly_feature", arrow::utf8()),
      arrow::field("anomaly_type", arrow::utf8()), arrow::field("anomaly_value", arrow::utf8()),
      arrow::field("anomaly_rule", arrow::int64())};
  return *kFields;
}

bool CanBeRead(const arrow::DataType& type) {
  const arrow::DataType& value = type.id() == arrow::Type::LIST ? *type.field(0)->type() : type;
  return arrow::is_integer(value.id()) || value.id() == arrow::Type::FLOAT ||
         value.id() == arrow::Type::DOUBLE || value.id() == arrow::Type::BOOL ||
         arrow::is_base_binary_like(value.id());
}

/// Finds the broken rules of each batch.
class Search {
 public:
  Search(const arrow::Schema& data, const v0::Anomalies& anomalies, int64_t max_examples)
      : max_examples_(max_examples) {
    std::map<std::string, const v0::Feature*> features;
    for (const v0::Feature& feature : anomalies.baseline().feature()) features[feature.name()] = &feature;
    std::map<std::string, const v0::AnomalyInfo*> sorted;
    for (const auto& [key, info] : anomalies.anomaly_info()) sorted[key] = &info;
    for (const auto& [key, info] : sorted) {
      const std::string column = info->path().step_size() == 1 ? info->path().step(0) : "";
      const auto feature = features.find(column);
      const auto field = column.empty() ? nullptr : data.GetFieldByName(column);
      const bool is_readable = field != nullptr && CanBeRead(*field->type());
      for (const auto& reason : info->reason()) {
        auto rule = is_readable ? RowRule::Of(reason.type(), anomalies.baseline(),
                                              feature == features.end() ? nullptr : feature->second, column)
                                : std::nullopt;
        if (!rule.has_value()) {
          without_examples_.push_back(key + ": " + v0::AnomalyInfo::Type_Name(reason.type()));
        } else if (rules_.empty() || rules_.back().column() != column ||
                   rules_.back().anomaly() != rule->anomaly()) {
          rules_.push_back(*std::move(rule));
        }
      }
    }
    counts_ = std::vector<std::atomic<int64_t>>(rules_.size());
    auto fields = ReportFields();
    fields.insert(fields.end(), data.fields().begin(), data.fields().end());
    schema_ = arrow::schema(std::move(fields));
  }

  const std::vector<RowRule>& rules() const { return rules_; }
  int64_t CountOf(size_t rule) const { return counts_[rule].load(); }
  std::vector<std::string> TakeWithoutExamples() { return std::move(without_examples_); }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// The offending rows of a batch, ordered by row and rule; row numbers are those in the batch.
  Result<Batch> Find(const Batch& batch) {
    std::map<std::string, combine::ColumnPointer> columns;
    for (const RowRule& rule : rules_) {
      if (columns.contains(rule.column())) continue;
      PENSTOCK_ASSIGN_OR_RETURN(columns[rule.column()], combine::ReadExampleColumn(batch, rule.column()));
    }
    struct Hit {
      int64_t row;
      size_t rule;
      std::string value;
    };
    std::vector<Hit> hits;
    std::string value;
    for (size_t i = 0; i < rules_.size(); ++i) {
      const combine::ExampleColumn& column = *columns.at(rules_[i].column());
      int64_t count = 0;
      for (int64_t row = 0; row < batch->num_rows(); ++row)
        if (rules_[i].IsBroken(column, row, value) && count++ < max_examples_)
          hits.push_back({row, i, value});
      counts_[i].fetch_add(count);
    }
    std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.row < b.row; });
    arrow::Int64Builder rows, rule_numbers;
    arrow::StringBuilder features, types, values;
    std::vector<int64_t> taken;
    for (const Hit& hit : hits) {
      const RowRule& rule = rules_[hit.rule];
      taken.push_back(hit.row);
      PENSTOCK_RETURN_IF_ARROW_ERROR(rows.Append(hit.row));
      PENSTOCK_RETURN_IF_ARROW_ERROR(features.Append(rule.column()));
      PENSTOCK_RETURN_IF_ARROW_ERROR(types.Append(rule.anomaly()));
      PENSTOCK_RETURN_IF_ARROW_ERROR(hit.value.empty() ? values.AppendNull() : values.Append(hit.value));
      PENSTOCK_RETURN_IF_ARROW_ERROR(rule_numbers.Append(static_cast<int64_t>(hit.rule)));
    }
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (arrow::ArrayBuilder* builder :
         std::initializer_list<arrow::ArrayBuilder*>{&rows, &features, &types, &values, &rule_numbers}) {
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(arrays.emplace_back(), builder->Finish());
    }
    PENSTOCK_ASSIGN_OR_RETURN(const Batch examples, combine::TakeRows(batch, taken));
    arrays.insert(arrays.end(), examples->columns().begin(), examples->columns().end());
    const auto num_rows = arrow::key_value_metadata({kNumRows}, {std::to_string(batch->num_rows())});
    return arrow::RecordBatch::Make(schema_->WithMetadata(num_rows), static_cast<int64_t>(hits.size()),
                                    std::move(arrays));
  }

 private:
  // Constant after construction.
  const int64_t max_examples_;
  std::vector<RowRule> rules_;
  std::vector<std::string> without_examples_;
  std::shared_ptr<arrow::Schema> schema_;
  // Sums: in whatever order they are added up.
  std::vector<std::atomic<int64_t>> counts_;
};

/// Writes what was found, in the data's order: the first of each rule.
class Report {
 public:
  Report(data::ExampleWriter& writer, std::shared_ptr<arrow::Schema> schema, size_t num_rules,
         int64_t max_examples)
      : writer_(writer), schema_(std::move(schema)), max_examples_(max_examples), written_(num_rules, 0) {}

  Status Take(const Batch& found) {
    const auto& rows = static_cast<const arrow::Int64Array&>(*found->column(kRow));
    const auto& rules = static_cast<const arrow::Int64Array&>(*found->column(kRule));
    std::vector<int64_t> kept;
    arrow::Int64Builder numbers;
    for (int64_t i = 0; i < found->num_rows(); ++i) {
      int64_t& num_written = written_[static_cast<size_t>(rules.Value(i))];
      if (num_written >= max_examples_) continue;
      ++num_written;
      kept.push_back(i);
      PENSTOCK_RETURN_IF_ARROW_ERROR(numbers.Append(num_rows_ + rows.Value(i) + 1));
    }
    num_rows_ += std::stoll(*found->schema()->metadata()->Get(kNumRows));
    if (kept.empty()) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(const Batch examples, combine::TakeRows(found, kept));
    auto columns = examples->columns();
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(columns[kRow], numbers.Finish());
    columns.erase(columns.begin() + kRule);
    return writer_.Write(
        arrow::RecordBatch::Make(schema_, static_cast<int64_t>(kept.size()), std::move(columns)));
  }

  int64_t num_rows() const { return num_rows_; }
  int64_t WrittenOf(size_t rule) const { return written_[rule]; }

 private:
  data::ExampleWriter& writer_;
  std::shared_ptr<arrow::Schema> schema_;
  const int64_t max_examples_;
  std::vector<int64_t> written_;
  int64_t num_rows_ = 0;
};

}  // namespace

Result<OffendingExamples> WriteOffendingExamples(const data::Dataset& dataset, const v0::Anomalies& anomalies,
                                                 int64_t max_examples, const std::string& path,
                                                 const ExecutionOptions& execution) {
  for (const auto& field : ReportFields())
    if (dataset.schema()->GetFieldIndex(field->name()) >= 0)
      return InvalidArgument(
          "The data have a column '{}', a name that the offending examples need; rename it", field->name());
  PENSTOCK_ASSIGN_OR_RETURN(const data::PayloadFormat format, data::PayloadFormatOf(path));
  Search search(*dataset.schema(), anomalies, max_examples);
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto schema, search.schema()->RemoveField(kRule));
  PENSTOCK_ASSIGN_OR_RETURN(const auto writer, data::OpenExampleWriter(path, schema, format));
  Report report(*writer, schema, search.rules().size(), max_examples);
  PENSTOCK_RETURN_IF_ERROR(data::MapBatches(
      dataset, execution, [&](const Batch& batch) { return search.Find(batch); },
      [&](const Batch& found) { return report.Take(found); }));
  PENSTOCK_RETURN_IF_ERROR(writer->Close());
  OffendingExamples result;
  result.num_examples = report.num_rows();
  for (size_t i = 0; i < search.rules().size(); ++i)
    result.rules.push_back(
        {search.rules()[i].column(), search.rules()[i].anomaly(), search.CountOf(i), report.WrittenOf(i)});
  result.without_examples = search.TakeWithoutExamples();
  return result;
}

}  // namespace penstock::statistics
