#pragma once

#include <memory>
#include <vector>

#include <arrow/type.h>

#include "penstock/base/status.h"
#include "penstock/transform/feature_schema.h"
#include "penstock/transform/transform_spec.h"

namespace penstock::transform {

struct Program;

/// A features file held against the types of some data: every name found, every type
/// checked, equal subexpressions made one; the analyzers still without results.
/// Immutable, cheap to copy.
class TransformPlan {
 public:
  explicit TransformPlan(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  const Program& program() const { return *program_; }
  /// How many passes over the data the analysis takes: how deep analyzers are nested.
  int num_passes() const;
  /// All columns read by features, label and weight, sorted by name.
  std::vector<InputColumn> input_columns() const;

 private:
  std::shared_ptr<const Program> program_;
};

/// Types `spec` against the columns of `input`. Integers of any width are integers,
/// floats numbers, strings and binaries text; a null-typed column fits anywhere. Errors are
/// kInvalidArgument with file, line, column, caret, the types at odds and the nearest name.
Result<TransformPlan> PlanTransform(const TransformSpec& spec, const arrow::Schema& input);

/// What can be said of `spec` before any data is there: every function known, every argument in its
/// place, no types at odds whatever types the columns turn out to have.
Status CheckTransformSpec(const TransformSpec& spec);

}  // namespace penstock::transform
