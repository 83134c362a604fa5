#pragma once

#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>

namespace penstock::validation {

/// One broken rule: a Reason of an AnomalyInfo, in TFDV's words.
struct Finding {
  tensorflow::metadata::v0::AnomalyInfo::Type type;
  std::string short_description;
  std::string description;
};
using Findings = std::vector<Finding>;

inline void Append(Findings from, Findings& into) {
  into.insert(into.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace penstock::validation
