#include "penstock/evaluation/analysis/partial_dependence.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/type_traits.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/near_miss.h"

namespace penstock::evaluation {
namespace {

// The values of one column that are tried.
struct Grid {
  std::vector<std::shared_ptr<arrow::Scalar>> values;
  PartialDependence shown;
};

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id());
}

Result<double> NumberOf(const arrow::Scalar& scalar) {
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto number, scalar.CastTo(arrow::float64()));
  return static_cast<const arrow::DoubleScalar&>(*number).value;
}

// Quantiles of the numbers, each once.
Result<Grid> NumberGrid(const arrow::Array& column, int num_points) {
  std::vector<std::pair<double, int64_t>> sorted;
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) continue;
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto scalar, column.GetScalar(row));
    PENSTOCK_ASSIGN_OR_RETURN(const double number, NumberOf(*scalar));
    if (!std::isnan(number)) sorted.emplace_back(number, row);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Grid grid;
  const auto last = static_cast<int64_t>(sorted.size()) - 1;
  const int64_t num_steps = std::max(num_points - 1, 1);
  for (int64_t i = 0; i <= num_steps && last >= 0; ++i) {
    const auto& [number, row] = sorted[static_cast<size_t>(last * i / num_steps)];
    if (!grid.shown.numbers.empty() && grid.shown.numbers.back() == number) continue;
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto scalar, column.GetScalar(row));
    grid.values.push_back(std::move(scalar));
    grid.shown.numbers.push_back(number);
  }
  return grid;
}

// The most frequent values, in alphabetical order.
Result<Grid> TextGrid(const arrow::Array& column, int num_points) {
  std::map<std::string, std::pair<int64_t, int64_t>> counts;  // Count, and a row that has it.
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) continue;
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto scalar, column.GetScalar(row));
    auto& [count, at] = counts[scalar->ToString()];
    ++count;
    at = row;
  }
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& [text, count] : counts) order.emplace_back(-count.first, text);
  std::sort(order.begin(), order.end());
  if (order.size() > static_cast<size_t>(num_points)) order.resize(static_cast<size_t>(num_points));
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  Grid grid;
  grid.shown.is_number = false;
  for (const auto& [count, text] : order) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto scalar, column.GetScalar(counts[text].second));
    grid.values.push_back(std::move(scalar));
    grid.shown.texts.push_back(text);
  }
  return grid;
}

Result<Grid> GridOf(const data::Batch& examples, const std::string& name, int num_points) {
  const auto column = examples->GetColumnByName(name);
  if (column == nullptr) return NotFound("The data have no column '{}'", name);
  if (arrow::is_nested(column->type_id()))
    return InvalidArgument("Column '{}' holds lists; dependence is shown on columns of one value", name);
  PENSTOCK_ASSIGN_OR_RETURN(
      Grid grid, IsNumber(*column->type()) ? NumberGrid(*column, num_points) : TextGrid(*column, num_points));
  if (grid.values.empty()) return InvalidArgument("Column '{}' has no value in the examples", name);
  grid.shown.column = name;
  return grid;
}

// The predictions where every example has this value.
Result<std::vector<double>> PredictWith(const model::Model& model, const data::Batch& examples,
                                        const std::string& column, const arrow::Scalar& value) {
  const int at = examples->schema()->GetFieldIndex(column);
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto array, arrow::MakeArrayFromScalar(value, examples->num_rows()));
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const data::Batch changed,
                                  examples->SetColumn(at, examples->schema()->field(at), array));
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch predicted, model.Predict(changed));
  const auto predictions = predicted->GetColumnByName(model.signature().prediction_column);
  if (predictions == nullptr || predictions->type_id() != arrow::Type::DOUBLE) {
    return InvalidArgument("Dependence is shown for models of one number an example; this one does {}",
                           model::TaskName(model.signature().task));
  }
  const auto& numbers = static_cast<const arrow::DoubleArray&>(*predictions);
  return std::vector<double>(numbers.raw_values(), numbers.raw_values() + numbers.length());
}

void AddPoint(const std::vector<double>& predictions, int num_examples, PartialDependence& dependence) {
  const auto n = static_cast<double>(predictions.size());
  double sum = 0, squares = 0;
  for (const double prediction : predictions) sum += prediction;
  const double mean = sum / n;
  for (const double prediction : predictions) squares += (prediction - mean) * (prediction - mean);
  dependence.means.push_back(mean);
  dependence.deviations.push_back(std::sqrt(squares / n));
  const size_t count = std::min(predictions.size(), static_cast<size_t>(std::max(num_examples, 0)));
  dependence.examples.resize(count);
  for (size_t i = 0; i < count; ++i)
    dependence.examples[i].push_back(predictions[i * predictions.size() / count]);
}

}  // namespace

Result<std::vector<PartialDependence>> ComputePartialDependence(const model::Model& model,
                                                                const data::Batch& examples,
                                                                const std::vector<std::string>& columns,
                                                                const DependenceOptions& options,
                                                                const ExecutionOptions& execution) {
  const std::vector<std::string> inputs = model.signature().inputs->field_names();
  std::vector<Grid> grids;
  struct Task {
    size_t grid, value;
  };
  std::vector<Task> tasks;
  for (const std::string& column : columns) {
    if (std::find(inputs.begin(), inputs.end(), column) == inputs.end())
      return NotFound("The model does not read a column '{}'{}", column, DidYouMean(column, inputs));
    PENSTOCK_ASSIGN_OR_RETURN(Grid grid, GridOf(examples, column, options.num_points));
    for (size_t value = 0; value < grid.values.size(); ++value) tasks.push_back({grids.size(), value});
    grids.push_back(std::move(grid));
  }
  std::vector<std::vector<double>> predictions(tasks.size());
  PENSTOCK_RETURN_IF_ERROR(
      ParallelFor(static_cast<int64_t>(tasks.size()), execution, [&](int64_t i) -> Status {
        const Task& task = tasks[static_cast<size_t>(i)];
        const Grid& grid = grids[task.grid];
        PENSTOCK_ASSIGN_OR_RETURN(predictions[static_cast<size_t>(i)],
                                  PredictWith(model, examples, grid.shown.column, *grid.values[task.value]));
        return OkStatus();
      }));
  std::vector<PartialDependence> dependences;
  for (size_t i = 0; i < tasks.size(); ++i)
    AddPoint(predictions[i], options.num_examples, grids[tasks[i].grid].shown);
  for (Grid& grid : grids) dependences.push_back(std::move(grid.shown));
  return dependences;
}

}  // namespace penstock::evaluation
