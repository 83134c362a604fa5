#include "penstock/components/schema_gen/schema_gen.h"

#include <algorithm>

#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/data/splits.h"
#include "penstock/statistics/statistics.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_inference.h"

namespace penstock::components {
namespace {

namespace tfmd = tensorflow::metadata::v0;

class SchemaGenExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task, ExecutionContext&) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* statistics, Input(task, "statistics"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto all, SplitNames(*statistics));
    PENSTOCK_ASSIGN_OR_RETURN(const auto excluded,
                              ParameterOr(task, "exclude_splits", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto splits, WithoutSplits(all, excluded));
    if (splits.empty()) return InvalidArgument("SchemaGen: exclude_splits leaves no split to infer from");
    validation::InferSchemaOptions options;
    PENSTOCK_ASSIGN_OR_RETURN(options.infer_feature_shape, Parameter<bool>(task, "infer_feature_shape"));
    PENSTOCK_ASSIGN_OR_RETURN(options.max_string_domain_size, Parameter<int>(task, "max_string_domain_size"));
    std::vector<tfmd::DatasetFeatureStatistics> datasets;
    for (const auto& split : splits) {
      tfmd::DatasetFeatureStatisticsList list;
      PENSTOCK_RETURN_IF_ERROR(ReadProto(StatisticsPath(*statistics, split), list));
      PENSTOCK_ASSIGN_OR_RETURN(const auto* whole, validation::WholeDataset(list));
      datasets.push_back(*whole);
    }
    // The first says what the columns are, the others loosen it: a small split may lack a column's values.
    std::stable_sort(datasets.begin(), datasets.end(),
                     [](const auto& a, const auto& b) { return a.num_examples() > b.num_examples(); });
    PENSTOCK_ASSIGN_OR_RETURN(const auto schema, validation::InferSchema(datasets, options));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(const auto* output, Output(report, "schema"));
    PENSTOCK_RETURN_IF_ERROR(WriteProto(SchemaPath(*output), schema));
    return report;
  }
};

class ImportSchemaGenExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task, ExecutionContext&) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto path, Parameter<std::string>(task, "schema_file"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto schema, validation::ReadSchema(path));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(const auto* output, Output(report, "schema"));
    PENSTOCK_RETURN_IF_ERROR(WriteProto(SchemaPath(*output), schema));
    return report;
  }
};

}  // namespace

std::string SchemaPath(const pipeline::Artifact& schema) { return fs::Join(schema.uri, "schema.pbtxt"); }

std::string StatisticsPath(const pipeline::Artifact& statistics, const std::string& split) {
  return fs::Join(data::SplitDirectory(statistics.uri, split), statistics::kStatisticsFileName);
}

Status CheckImportSchemaGen(const std::map<std::string, nlohmann::json>& parameters) {
  const auto entry = parameters.find("schema_file");
  if (entry == parameters.end() || !entry->second.is_string()) return OkStatus();
  return validation::ReadSchema(entry->second.get<std::string>()).status();
}

std::unique_ptr<pipeline::Executor> MakeSchemaGenExecutor() { return std::make_unique<SchemaGenExecutor>(); }
std::unique_ptr<pipeline::Executor> MakeImportSchemaGenExecutor() {
  return std::make_unique<ImportSchemaGenExecutor>();
}

}  // namespace penstock::components
