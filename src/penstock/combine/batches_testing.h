#pragma once

// For tests only: batches from literals.

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "penstock/data/batch.h"

namespace penstock::combine {

/// Builds a batch column by column.
class BatchMaker {
 public:
  BatchMaker& Doubles(const std::string& name, const std::vector<std::optional<double>>& values) {
    return Plain<arrow::DoubleBuilder>(name, values);
  }
  BatchMaker& Ints(const std::string& name, const std::vector<std::optional<int64_t>>& values) {
    return Plain<arrow::Int64Builder>(name, values);
  }
  BatchMaker& Texts(const std::string& name, const std::vector<std::optional<std::string>>& values) {
    return Plain<arrow::StringBuilder>(name, values);
  }
  BatchMaker& Bools(const std::string& name, const std::vector<std::optional<bool>>& values) {
    return Plain<arrow::BooleanBuilder>(name, values);
  }
  BatchMaker& TextLists(const std::string& name, const std::vector<std::vector<std::string>>& values) {
    const auto inner = std::make_shared<arrow::StringBuilder>();
    arrow::ListBuilder builder(arrow::default_memory_pool(), inner);
    for (const auto& list : values) {
      if (!builder.Append().ok()) std::abort();
      for (const std::string& value : list) {
        if (!inner->Append(value).ok()) std::abort();
      }
    }
    return Append(name, *builder.Finish());
  }
  data::Batch Make() const {
    return arrow::RecordBatch::Make(arrow::schema(fields_), columns_.empty() ? 0 : columns_[0]->length(),
                                    columns_);
  }

 private:
  template <class Builder, class T>
  BatchMaker& Plain(const std::string& name, const std::vector<std::optional<T>>& values) {
    Builder builder;
    for (const auto& value : values) {
      if (!(value.has_value() ? builder.Append(*value) : builder.AppendNull()).ok()) std::abort();
    }
    return Append(name, *builder.Finish());
  }
  BatchMaker& Append(const std::string& name, std::shared_ptr<arrow::Array> column) {
    fields_.push_back(arrow::field(name, column->type()));
    columns_.push_back(std::move(column));
    return *this;
  }
  std::vector<std::shared_ptr<arrow::Field>> fields_;
  std::vector<std::shared_ptr<arrow::Array>> columns_;
};

/// Numbers that look random and are the same everywhere (SplitMix64).
class TestRandom {
 public:
  explicit TestRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t bits = state_ += 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
  }
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  int64_t Below(int64_t limit) { return static_cast<int64_t>(Next() % static_cast<uint64_t>(limit)); }

 private:
  uint64_t state_;
};

}  // namespace penstock::combine
