#pragma once

#include <map>
#include <string>

#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {

/// Metrics of texts against reference texts: Rouge (Lin 2004) and Bleu (Papineni et al. 2002).
void AddLanguageClasses(std::map<std::string, MetricClass>& classes);

}  // namespace penstock::evaluation
