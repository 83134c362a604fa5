#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/expression.h"

namespace penstock::transform {

/// What a learner has to learn from the label.
enum class Task : uint8_t {
  kNone,
  kBinaryClassification,
  kRegression,
  kMulticlassClassification,  ///< One of several classes an example.
  kMultilabelClassification,  ///< Any number of classes an example.
  kRanking,                   ///< How relevant an example is among those of its query.
};
inline constexpr int kNumTasks = static_cast<int>(Task::kRanking) + 1;
/// "none", "binary_classification", "regression", "multiclass_classification",
/// "multilabel_classification", "ranking".
std::string_view NameOf(Task task);

/// One line of a features file.
struct Definition {
  std::string name;
  ExpressionSource source;
  Expression expression;
};

/// A features file, parsed but not yet held against any data. A plain value.
struct TransformSpec {
  std::string file_name;
  std::vector<Definition> features;   ///< In file order, which is the order of the outputs.
  std::vector<Definition> summaries;  ///< What is told of the data as a whole, beside the features.
  std::optional<Definition> label;
  /// `label: {late: .., far: ..}`: a condition a class, of kMultilabelClassification; then there is no
  /// `label`.
  std::vector<Definition> labels;
  std::optional<Definition> weight;
  std::optional<Definition> query;  ///< Of kRanking: examples with equal values compete with each other.
  bool is_tft_compatible = false;   ///< `compat: tft`: TFT's answers where ours differ on purpose.
  bool allows_any_output = false;   ///< `outputs: any`: text and lists too. Never with a label.
  std::optional<Task> task;         ///< Where the file says so; else the label's type decides.
};

inline constexpr size_t kMaxSpecBytes = 4 * 1024 * 1024;
inline constexpr size_t kMaxFeatures = 20'000;

/// Parses a features file (docs/guides/feature-expressions.md). `file_name` is for
/// messages, which name file, line and column, show the expression with a caret and
/// suggest the nearest word. kInvalidArgument for anything not understood, an unknown key included.
Result<TransformSpec> ParseTransformSpec(std::string_view yaml, const std::string& file_name);

/// A features file of nothing but `label: expression`.
Result<TransformSpec> ParseLabelSpec(const std::string& expression);

/// Reads and parses the features file at `path`.
Result<TransformSpec> ReadTransformSpec(const std::string& path);

}  // namespace penstock::transform
