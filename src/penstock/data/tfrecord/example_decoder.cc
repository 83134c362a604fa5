#include "penstock/data/tfrecord/example_decoder.h"

#include <algorithm>

#include "penstock/base/arrow_status.h"
#include "penstock/data/tfrecord/feature_builder.h"

namespace penstock::data::tfrecord {

std::shared_ptr<arrow::Schema> BatchSchema(const ExampleColumns& columns) {
  arrow::FieldVector fields;
  for (const FeatureColumnType& column : columns.features)
    fields.push_back(arrow::field(column.name, ColumnType(column)));
  if (columns.sequence_place.has_value()) {
    arrow::FieldVector sequences;
    for (const FeatureColumnType& column : columns.sequences)
      sequences.push_back(arrow::field(column.name, arrow::list(ColumnType(column))));
    fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(*columns.sequence_place),
                  arrow::field(kSequenceColumn, arrow::struct_(std::move(sequences))));
  }
  return arrow::schema(std::move(fields));
}

ExampleDecoder::ExampleDecoder(const ExampleColumns& columns, std::shared_ptr<arrow::Schema> schema)
    : schema_(std::move(schema)),
      sequence_place_(columns.sequence_place),
      features_(columns.features.size()),
      sequences_(columns.sequences.size()) {
  for (const FeatureColumnType& column : columns.features) {
    index_.Add(column.name);
    builders_.push_back(std::make_unique<FeatureBuilder>(column));
  }
  for (const FeatureColumnType& column : columns.sequences) {
    sequence_index_.Add(column.name);
    sequence_builders_.push_back(std::make_unique<SequenceBuilder>(column));
  }
}

ExampleDecoder::~ExampleDecoder() = default;

Status ExampleDecoder::Append(std::string_view record) {
  std::fill(features_.begin(), features_.end(), FeatureView{});
  std::fill(sequences_.begin(), sequences_.end(), std::nullopt);
  index_.StartRecord();
  sequence_index_.StartRecord();
  const auto on_feature = [&](std::string_view name, const FeatureView& feature) {
    const int number = index_.Find(name);
    if (number >= 0) features_[static_cast<size_t>(number)] = feature;
  };
  const auto on_list = [&](std::string_view name, std::string_view list) {
    const int number = sequence_index_.Find(name);
    if (number >= 0) sequences_[static_cast<size_t>(number)] = list;
  };
  const char* const fault = ParseExample(
      record, on_feature, [&](std::string_view lists) { return ParseFeatureLists(lists, on_list); });
  if (fault != nullptr) return InvalidArgument("{}", fault);
  for (size_t i = 0; i < builders_.size(); ++i) PENSTOCK_RETURN_IF_ERROR(builders_[i]->Append(features_[i]));
  for (size_t i = 0; i < sequence_builders_.size(); ++i) {
    SequenceBuilder& builder = *sequence_builders_[i];
    PENSTOCK_RETURN_IF_ERROR(sequences_[i].has_value() ? builder.Append(*sequences_[i])
                                                       : builder.AppendNull());
  }
  ++num_rows_;
  return OkStatus();
}

Result<Batch> ExampleDecoder::Finish() {
  arrow::ArrayVector arrays;
  for (const auto& builder : builders_) {
    PENSTOCK_ASSIGN_OR_RETURN(arrays.emplace_back(), builder->Finish());
  }
  if (sequence_place_.has_value()) {
    arrow::ArrayVector sequences;
    for (const auto& builder : sequence_builders_) {
      PENSTOCK_ASSIGN_OR_RETURN(sequences.emplace_back(), builder->Finish());
    }
    const auto place = static_cast<std::ptrdiff_t>(*sequence_place_);
    arrays.insert(arrays.begin() + place,
                  std::make_shared<arrow::StructArray>(schema_->field(static_cast<int>(place))->type(),
                                                       num_rows_, std::move(sequences)));
  }
  auto batch = arrow::RecordBatch::Make(schema_, num_rows_, std::move(arrays));
  num_rows_ = 0;
  return batch;
}

}  // namespace penstock::data::tfrecord
