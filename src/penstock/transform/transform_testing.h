#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "penstock/data/dataset.h"
#include "penstock/transform/analyze_transform.h"
#include "penstock/transform/transform_graph.h"
#include "penstock/transform/transform_plan.h"

namespace penstock::transform {

template <class Builder, class Values>
std::shared_ptr<arrow::Array> BuildArray(const Values& values) {
  Builder builder;
  for (const auto& value : values) {
    EXPECT_TRUE((value.has_value() ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

inline constexpr std::nullopt_t kMissing = std::nullopt;
using Numbers = std::vector<std::optional<double>>;
using Integers = std::vector<std::optional<int64_t>>;
using Texts = std::vector<std::optional<std::string>>;

inline std::shared_ptr<arrow::Array> ArrayOf(const Numbers& values) {
  return BuildArray<arrow::DoubleBuilder>(values);
}
inline std::shared_ptr<arrow::Array> ArrayOf(const Integers& values) {
  return BuildArray<arrow::Int64Builder>(values);
}
inline std::shared_ptr<arrow::Array> ArrayOf(const Texts& values) {
  return BuildArray<arrow::StringBuilder>(values);
}
inline std::shared_ptr<arrow::Array> BooleansOf(const std::vector<std::optional<bool>>& values) {
  return BuildArray<arrow::BooleanBuilder>(values);
}

using NamedArrays = std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>;
inline data::Batch MakeBatch(const NamedArrays& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  const int64_t num_rows = arrays.empty() ? 0 : arrays[0]->length();
  return arrow::RecordBatch::Make(arrow::schema(fields), num_rows, arrays);
}

/// The graph of a features file over the rows of `batch`.
inline Result<TransformGraph> Analyze(const std::string& yaml, const data::Batch& batch) {
  PENSTOCK_ASSIGN_OR_RETURN(const TransformSpec spec, ParseTransformSpec(yaml, "features.yaml"));
  const auto dataset = data::MakeInMemoryDataset(batch->schema(), {batch});
  return AnalyzeTransform(spec, *dataset, ExecutionOptions{.num_threads = 1});
}

/// What `expression` gives, as a feature, for the rows it was analysed on.
inline std::shared_ptr<arrow::Array> Evaluate(const std::string& expression, const data::Batch& batch) {
  const Result<TransformGraph> graph = Analyze("features:\n  f: |\n    " + expression + "\n", batch);
  EXPECT_TRUE(graph.ok()) << graph.status();
  if (!graph.ok()) return nullptr;
  const Result<data::Batch> features = graph->ApplyFeatures(batch);
  EXPECT_TRUE(features.ok()) << features.status();
  return features.ok() ? (*features)->column(0) : nullptr;
}

inline Numbers NumbersOf(const std::shared_ptr<arrow::Array>& array) {
  Numbers numbers;
  for (int64_t i = 0; array != nullptr && i < array->length(); ++i) {
    const bool is_double = array->type_id() == arrow::Type::DOUBLE;
    if (array->IsNull(i))
      numbers.emplace_back();
    else if (is_double)
      numbers.emplace_back(static_cast<const arrow::DoubleArray&>(*array).Value(i));
    else
      numbers.emplace_back(static_cast<double>(static_cast<const arrow::Int64Array&>(*array).Value(i)));
  }
  return numbers;
}

inline Integers IntegersOf(const std::shared_ptr<arrow::Array>& array) {
  Integers integers;
  if (array == nullptr || array->type_id() != arrow::Type::INT64) {
    ADD_FAILURE() << "not integers";
    return integers;
  }
  for (int64_t i = 0; i < array->length(); ++i) {
    if (array->IsNull(i))
      integers.emplace_back();
    else
      integers.emplace_back(static_cast<const arrow::Int64Array&>(*array).Value(i));
  }
  return integers;
}

}  // namespace penstock::transform
