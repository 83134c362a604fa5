#pragma once

#include <array>

#include "penstock/combine/quantile_sketch.h"

namespace penstock::transform {

/// Tukey's HH distribution, x = u * exp(h * u^2 / 1) with an h for each side, that has the first four
/// L-moments of some values (Headrick & Pant 2014), as TFT's gaussianization.
struct TukeyParameters {
  double location = 0;
  double scale = 1;
  double left = 0;  ///< h of the left side; both are 0 where the values have no long tail.
  double right = 0;
};

/// Of all values of a sketch: exact as long as the sketch is. No values: the defaults.
TukeyParameters TukeyParametersOf(const combine::QuantileSummary& summary);

/// The u with u * exp(h * u^2) = x, h being `left` below 0 and `right` above.
double InverseTukey(double x, double left, double right);

}  // namespace penstock::transform
