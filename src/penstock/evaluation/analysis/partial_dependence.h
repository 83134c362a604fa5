#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/data/batch.h"
#include "penstock/model/model.h"

namespace penstock::evaluation {

struct DependenceOptions {
  int num_points = 20;    ///< Values of a column that are tried: quantiles of numbers, most frequent texts.
  int num_examples = 30;  ///< Of which the single curves are kept (ICE).
};

/// How the prediction moves with one column while the others stay (Friedman 2001), and for single examples
/// (individual conditional expectation, Goldstein et al. 2015).
struct PartialDependence {
  std::string column;
  bool is_number = true;
  std::vector<double> numbers;                ///< The values tried, where is_number.
  std::vector<std::string> texts;             ///< The values tried, else; "" stands for itself.
  std::vector<double> means;                  ///< Of the predictions of all examples, one a value.
  std::vector<double> deviations;             ///< Standard deviations of them.
  std::vector<std::vector<double>> examples;  ///< The curves of some examples.
};

/// For each column, the model is asked anew of all `examples` with each value in place of theirs. Bit-equal
/// for any number of threads. kNotFound (with the nearest name) for a column that the model does not read;
/// kInvalidArgument for a column of lists and for one without any value.
Result<std::vector<PartialDependence>> ComputePartialDependence(const model::Model& model,
                                                                const data::Batch& examples,
                                                                const std::vector<std::string>& columns,
                                                                const DependenceOptions& options,
                                                                const ExecutionOptions& execution);

}  // namespace penstock::evaluation
