#include "penstock/statistics/byte_summary.h"

#include <algorithm>

#include "penstock/statistics/state_counts.h"

namespace penstock::statistics {

template <class Array>
void ByteSummary::AddLengths(const Array& values) {
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) continue;
    const int64_t length = values.value_length(i);
    ++num_values_;
    num_bytes_ += length;
    min_num_bytes_ = std::min(min_num_bytes_, length);
    max_num_bytes_ = std::max(max_num_bytes_, length);
  }
}

void ByteSummary::Add(const arrow::Array& values) {
  switch (values.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return AddLengths(static_cast<const arrow::BinaryArray&>(values));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return AddLengths(static_cast<const arrow::LargeBinaryArray&>(values));
    default:
      return;  // ColumnStatistics lets no other type through.
  }
}

Status ByteSummary::Merge(const ByteSummary& from) {
  num_values_ += from.num_values_;
  num_bytes_ += from.num_bytes_;
  min_num_bytes_ = std::min(min_num_bytes_, from.min_num_bytes_);
  max_num_bytes_ = std::max(max_num_bytes_, from.max_num_bytes_);
  return OkStatus();
}

void ByteSummary::Finish(tensorflow::metadata::v0::BytesStatistics& out) const {
  if (num_values_ == 0) return;
  out.set_avg_num_bytes(
      static_cast<float>(static_cast<double>(num_bytes_) / static_cast<double>(num_values_)));
  out.set_min_num_bytes(static_cast<float>(min_num_bytes_));
  out.set_max_num_bytes(static_cast<float>(max_num_bytes_));
  out.set_max_num_bytes_int(static_cast<uint64_t>(max_num_bytes_));
}

void ByteSummary::Encode(combine::StateWriter& writer) const {
  WriteCount(num_values_, writer);
  WriteCount(num_bytes_, writer);
  writer.Varint(static_cast<uint64_t>(min_num_bytes_));
  WriteCount(max_num_bytes_, writer);
}

Result<ByteSummary> ByteSummary::Decode(combine::StateReader& reader) {
  ByteSummary summary;
  summary.num_values_ = ReadCount(reader);
  summary.num_bytes_ = ReadCount(reader);
  summary.min_num_bytes_ = reader.NonNegative();
  summary.max_num_bytes_ = ReadCount(reader);
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return summary;
}

}  // namespace penstock::statistics
