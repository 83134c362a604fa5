#pragma once

#include <cstdint>
#include <vector>

#include "penstock/combine/state_codec.h"
#include "penstock/transform/analysis_task.h"

namespace penstock::transform {

/// The eigenvectors of a symmetric matrix (row by row) in columns, by falling eigenvalue; by Jacobi's
/// rotations. NaN where the matrix has any.
std::vector<double> PrincipalComponentsOf(std::vector<double> matrix, int64_t dimension);

/// The covariance of lists of one length, by deviations from the running mean. Lists with a value that is
/// missing or not finite are left out, but under compat: tft. Memory and time an example: the length squared.
class CovarianceState {
 public:
  explicit CovarianceState(const AnalysisTask&) {}
  /// kInvalidArgument for lists of unlike lengths, or longer than kMaxDimension.
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  Status Merge(const CovarianceState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  void AddRow(const double* values);

  int64_t dimension_ = -1;  // Not known before the first list.
  int64_t count_ = 0;
  std::vector<double> mean_;
  std::vector<double> products_;  // Of deviations from mean_, summed, row by row.
};

}  // namespace penstock::transform
