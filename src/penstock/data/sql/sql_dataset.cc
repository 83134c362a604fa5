#include "penstock/data/sql/sql_dataset.h"

#include <algorithm>

#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/extension/opaque.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/util/utf8.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/declared_features.h"
#include "penstock/data/file_schema.h"
#include "penstock/data/parquet/column_conversion.h"
#include "penstock/data/sql/query_session.h"
#include "penstock/data/sql/result_store.h"

namespace penstock::data::sql {
namespace {

/// PostgreSQL's numbers of any length come as texts.
bool IsNumericText(const arrow::DataType& type) {
  if (type.id() != arrow::Type::EXTENSION) return false;
  const auto& extension = static_cast<const arrow::ExtensionType&>(type);
  if (extension.extension_name() != "arrow.opaque") return false;
  return static_cast<const arrow::extension::OpaqueType&>(extension).type_name() == "numeric";
}

/// From the columns a query answers to those of examples.
class RowConversion {
 public:
  static Result<RowConversion> Make(const std::string& where, const arrow::Schema& schema,
                                    const std::vector<std::string>& wanted) {
    RowConversion conversion;
    conversion.where_ = where;
    PENSTOCK_RETURN_IF_ERROR(CheckColumnNamesDiffer(where, schema.field_names()));
    PENSTOCK_ASSIGN_OR_RETURN(conversion.places_, SelectColumns(schema.field_names(), wanted, where));
    arrow::FieldVector fields;
    for (const int place : conversion.places_) {
      const auto& field = schema.field(place);
      std::shared_ptr<arrow::DataType> type = arrow::float64();
      if (!IsNumericText(*field->type())) {
        auto converted = parquet_format::BatchType(*field->type(), field->name());
        if (!converted.ok()) return Annotate(converted.status(), where);
        type = *std::move(converted);
      }
      fields.push_back(arrow::field(field->name(), std::move(type)));
    }
    conversion.schema_ = arrow::schema(std::move(fields));
    return conversion;
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  Result<Batch> Convert(const arrow::RecordBatch& raw) const {
    arrow::ArrayVector columns;
    for (size_t i = 0; i < places_.size(); ++i) {
      const auto& target = schema_->field(static_cast<int>(i));
      auto column = ConvertColumn(raw.column(places_[i]), target->type());
      if (!column.ok())
        return Annotate(column.status(), fmt::format("{}: column '{}'", where_, target->name()));
      columns.push_back(*std::move(column));
    }
    return arrow::RecordBatch::Make(schema_, raw.num_rows(), std::move(columns));
  }

 private:
  static Result<std::shared_ptr<arrow::Array>> ConvertColumn(std::shared_ptr<arrow::Array> column,
                                                             const std::shared_ptr<arrow::DataType>& target) {
    if (IsNumericText(*column->type())) {
      const auto& texts = static_cast<const arrow::ExtensionArray&>(*column).storage();
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto numbers, arrow::compute::Cast(*texts, target));
      return numbers;
    }
    return parquet_format::ConvertToBatchType(std::move(column), target);
  }

  std::string where_;
  std::vector<int> places_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Status CheckSqlQuery(const SqlQuery& query) {
  PENSTOCK_RETURN_IF_ERROR(CheckConnectionText(query.connection));
  if (std::all_of(query.query.begin(), query.query.end(), [](char c) { return c == ' ' || c == '\n'; }))
    return InvalidArgument("The query at {} is empty", query.connection);
  if (query.query.find('\0') != std::string::npos)
    return InvalidArgument("The query at {} holds a zero byte", query.connection);
  return OkStatus();
}

Result<std::unique_ptr<Dataset>> OpenSqlDataset(const SqlQuery& query, const DatasetOptions& options,
                                                const ExecutionOptions& execution,
                                                const SqlReadOptions& reading) {
  if (options.max_batch_rows < 1)
    return InvalidArgument("max_batch_rows must be at least 1; it is {}", options.max_batch_rows);
  PENSTOCK_RETURN_IF_ERROR(CheckSqlQuery(query));
  PENSTOCK_RETURN_IF_ARROW_ERROR(arrow::compute::Initialize());
  arrow::util::InitializeUTF8();
  PENSTOCK_ASSIGN_OR_RETURN(const SqlConnection connection, FindSqlConnection(query.connection));
  PENSTOCK_ASSIGN_OR_RETURN(const auto session, QuerySession::Start(connection, query.query));
  const std::string where = fmt::format("The query at {}", connection.name);
  PENSTOCK_ASSIGN_OR_RETURN(const auto conversion,
                            RowConversion::Make(where, *session->schema(), options.columns));
  ResultStore store(where, conversion.schema(), reading.memory_bytes);
  while (true) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(const auto raw, session->Next());
    if (raw == nullptr) break;
    PENSTOCK_ASSIGN_OR_RETURN(const Batch batch, conversion.Convert(*raw));
    PENSTOCK_RETURN_IF_ERROR(store.Add(batch));
  }
  return store.Finish(options, execution);
}

}  // namespace penstock::data::sql
