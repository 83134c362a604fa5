#include "penstock/transform/covariance_state.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace penstock::transform {
namespace {

Status UnlikeLengths(int64_t first, int64_t second) {
  return InvalidArgument("A covariance takes lists of one length, and there are some of {} and of {}", first,
                         second);
}

/// One rotation that makes matrix[p][q] 0.
void Rotate(std::vector<double>& matrix, std::vector<double>& vectors, size_t size, size_t p, size_t q) {
  const double off = matrix[p * size + q];
  if (off == 0) return;
  const double theta = (matrix[q * size + q] - matrix[p * size + p]) / (2 * off);
  const double tangent = std::copysign(1.0, theta) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
  const double cosine = 1 / std::sqrt(tangent * tangent + 1);
  const double sine = tangent * cosine;
  for (size_t k = 0; k < size; ++k) {
    const double left = matrix[k * size + p];
    const double right = matrix[k * size + q];
    matrix[k * size + p] = cosine * left - sine * right;
    matrix[k * size + q] = sine * left + cosine * right;
  }
  for (size_t k = 0; k < size; ++k) {
    const double left = matrix[p * size + k];
    const double right = matrix[q * size + k];
    matrix[p * size + k] = cosine * left - sine * right;
    matrix[q * size + k] = sine * left + cosine * right;
    const double first = vectors[k * size + p];
    const double second = vectors[k * size + q];
    vectors[k * size + p] = cosine * first - sine * second;
    vectors[k * size + q] = sine * first + cosine * second;
  }
}

double OffDiagonal(const std::vector<double>& matrix, size_t size) {
  double sum = 0;
  for (size_t p = 0; p < size; ++p) {
    for (size_t q = 0; q < p; ++q) sum += matrix[p * size + q] * matrix[p * size + q];
  }
  return sum;
}

}  // namespace

std::vector<double> PrincipalComponentsOf(std::vector<double> matrix, int64_t dimension) {
  const auto size = static_cast<size_t>(dimension);
  if (!std::all_of(matrix.begin(), matrix.end(), [](double value) { return std::isfinite(value); }))
    return std::vector<double>(size * size, std::nan(""));
  std::vector<double> vectors(size * size, 0.0);
  for (size_t i = 0; i < size; ++i) vectors[i * size + i] = 1;
  constexpr int kMaxSweeps = 60;
  double scale = 0;
  for (const double value : matrix) scale += value * value;
  for (int sweep = 0; sweep < kMaxSweeps && OffDiagonal(matrix, size) > 1e-32 * scale; ++sweep) {
    for (size_t p = 0; p + 1 < size; ++p) {
      for (size_t q = p + 1; q < size; ++q) Rotate(matrix, vectors, size, p, q);
    }
  }
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return matrix[a * size + a] > matrix[b * size + b]; });
  std::vector<double> sorted(size * size);
  for (size_t column = 0; column < size; ++column) {
    for (size_t row = 0; row < size; ++row) sorted[row * size + column] = vectors[row * size + order[column]];
  }
  return sorted;
}

void CovarianceState::AddRow(const double* values) {
  ++count_;
  const auto size = static_cast<size_t>(dimension_);
  std::vector<double> before(size);
  for (size_t i = 0; i < size; ++i) {
    before[i] = values[i] - mean_[i];
    mean_[i] += before[i] / static_cast<double>(count_);
  }
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size; ++j) products_[i * size + j] += before[i] * (values[j] - mean_[j]);
  }
}

Status CovarianceState::Add(const AnalysisTask& task, const AnalysisColumns& columns) {
  const Column& x = *columns.input;
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const int64_t begin = x.is_list() ? x.offsets()[row] : row;
    const int64_t end = x.is_list() ? x.offsets()[row + 1] : row + 1;
    if (begin == end) continue;
    if (dimension_ < 0) {
      if (end - begin > kMaxDimension)
        return InvalidArgument("A covariance takes lists of at most {} values, and one has {}", kMaxDimension,
                               end - begin);
      dimension_ = end - begin;
      mean_.assign(static_cast<size_t>(dimension_), 0.0);
      products_.assign(static_cast<size_t>(dimension_ * dimension_), 0.0);
    }
    if (end - begin != dimension_) return UnlikeLengths(dimension_, end - begin);
    bool is_whole = true;
    for (int64_t i = begin; i < end; ++i)
      is_whole &= x.IsPresent(i) && (task.is_tft || std::isfinite(x.numbers()[i]));
    if (is_whole) AddRow(x.numbers() + begin);
  }
  return OkStatus();
}

Status CovarianceState::Merge(const CovarianceState& from) {
  if (from.dimension_ < 0) return OkStatus();
  if (dimension_ < 0) {
    *this = from;
    return OkStatus();
  }
  if (dimension_ != from.dimension_) return UnlikeLengths(dimension_, from.dimension_);
  if (from.count_ == 0) return OkStatus();
  const auto size = static_cast<size_t>(dimension_);
  const double share = static_cast<double>(from.count_) / static_cast<double>(count_ + from.count_);
  std::vector<double> delta(size);
  for (size_t i = 0; i < size; ++i) delta[i] = from.mean_[i] - mean_[i];
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size; ++j) {
      products_[i * size + j] +=
          from.products_[i * size + j] + delta[i] * delta[j] * static_cast<double>(count_) * share;
    }
  }
  for (size_t i = 0; i < size; ++i) mean_[i] += delta[i] * share;
  count_ += from.count_;
  return OkStatus();
}

Result<AnalysisResult> CovarianceState::Finish(const AnalysisTask& task) const {
  CovarianceResult result;
  result.dimension = std::max<int64_t>(dimension_, 0);
  const auto size = static_cast<size_t>(result.dimension);
  result.covariance.assign(size * size, 0.0);
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size && count_ > 0; ++j) {
      // Both halves alike: rounding must not make the matrix unsymmetric.
      const double product = (products_[i * size + j] + products_[j * size + i]) / 2;
      result.covariance[i * size + j] = product / static_cast<double>(count_);
    }
  }
  result.components.assign(size * size, 0.0);
  if (task.analysis->needs_components) {
    result.components = PrincipalComponentsOf(result.covariance, result.dimension);
  }
  return AnalysisResult(std::move(result));
}

void CovarianceState::Encode(combine::StateWriter& writer) const {
  writer.Signed(dimension_).Varint(static_cast<uint64_t>(count_));
  for (const double value : mean_) writer.Double(value);
  for (const double value : products_) writer.Double(value);
}

Status CovarianceState::Decode(const AnalysisTask&, combine::StateReader& reader) {
  dimension_ = reader.Signed();
  count_ = reader.NonNegative();
  if (dimension_ < -1 || dimension_ > kMaxDimension) return DataLoss("A covariance of {} values", dimension_);
  const auto size = static_cast<size_t>(std::max<int64_t>(dimension_, 0));
  mean_.resize(size);
  products_.resize(size * size);
  for (double& value : mean_) value = reader.Double();
  for (double& value : products_) value = reader.Double();
  return OkStatus();
}

}  // namespace penstock::transform
