#pragma once

#include <string>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>

namespace penstock::validation {

struct AnomalyReportOptions {
  /// Longer explanations are cut there, with "..."; 0: never.
  int max_text_bytes = 300;
  /// ANSI colours for the severity.
  bool colour = false;
};

/// A table for people: a line per reason (feature, severity, what, the explanation), below it which
/// number fired and what the limit was where the anomalies carry it (anomaly_evidence.h); errors
/// first, features in alphabetical order, then the dataset's own; below it a line per drift and skew
/// measurement, with its threshold. "No anomalies found.\n" where there are none. Names and texts are
/// escaped: one line stays one line.
std::string FormatAnomalies(const tensorflow::metadata::v0::Anomalies& anomalies,
                            const AnomalyReportOptions& options = {});

}  // namespace penstock::validation
