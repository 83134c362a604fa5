#include "penstock/data/declared_columns.h"

#include <arrow/type.h>

#include "tensorflow_metadata/proto/v0/schema.pb.h"

namespace penstock::data {

namespace tfmd = tensorflow::metadata::v0;

std::vector<std::string> ColumnNames(const Dataset& dataset) { return dataset.schema()->field_names(); }

bool HaveEqualColumns(const Dataset& a, const Dataset& b) {
  return a.schema()->Equals(*b.schema(), /*check_metadata=*/false);
}

std::shared_ptr<tfmd::Schema> DeclareColumns(const Dataset& dataset) {
  auto schema = std::make_shared<tfmd::Schema>();
  for (const auto& field : dataset.schema()->fields()) {
    tfmd::Feature& feature = *schema->add_feature();
    feature.set_name(field->name());
    auto type = field->type();
    if (type->id() == arrow::Type::LIST) {
      type = static_cast<const arrow::ListType&>(*type).value_type();
      feature.mutable_value_count()->set_min(0);
    } else {
      feature.mutable_shape();  // A scalar.
    }
    switch (type->id()) {
      case arrow::Type::INT64:
      case arrow::Type::BOOL:
        feature.set_type(tfmd::INT);
        break;
      case arrow::Type::FLOAT:
      case arrow::Type::DOUBLE:
        feature.set_type(tfmd::FLOAT);
        break;
      default:
        feature.set_type(tfmd::BYTES);
    }
  }
  return schema;
}

}  // namespace penstock::data
