#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/combine/example_column.h"

namespace penstock::statistics {

/// What a single example must not do, so that the anomaly would not be: "payment_type is none of the domain".
/// A pure function of one column. Immutable.
class RowRule {
 public:
  /// What breaks the rule.
  enum class Fault {
    kAbsent,         ///< No value.
    kPresent,        ///< A value: the column, or its type, is not the schema's.
    kTooFewValues,   ///< Present, with fewer than `min` values.
    kTooManyValues,  ///< With more than `max`.
    kWrongLength,    ///< Absent, or not `min` values.
    kBelow,          ///< A number (or text that reads as one) below `min`.
    kAbove,
    kNan,
    kInfinite,
    kNotInteger,  ///< A text that is none.
    kNotNumber,
    kNotUtf8,
    kOffDomain,  ///< A text that is none of `values`.
    kNotBool,    ///< A number but 0 and 1.
  };

  /// The rule that a reason of this type stands for; nothing where no single example is to blame (distances,
  /// numbers of examples, the schema's own faults).
  static std::optional<RowRule> Of(tensorflow::metadata::v0::AnomalyInfo::Type type,
                                   const tensorflow::metadata::v0::Schema& schema,
                                   const tensorflow::metadata::v0::Feature* feature, std::string column);

  const std::string& column() const { return column_; }
  const std::string& anomaly() const { return anomaly_; }
  /// Whether the row breaks the rule; `value` is the first that does, as text (empty where none is there).
  bool IsBroken(const combine::ExampleColumn& column, int64_t row, std::string& value) const;

 private:
  RowRule() = default;
  bool IsWrong(bool is_text, double number, const std::string& text) const;

  std::string column_, anomaly_;
  Fault fault_ = Fault::kAbsent;
  double min_ = 0, max_ = 0;
  std::set<std::string> values_;
};

}  // namespace penstock::statistics
