#include <array>

#include "penstock/metadata/database/properties.h"
#include "penstock/metadata/database/service_tables.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata::database {
namespace {

constexpr std::array kFields = {ListedField{"pipeline_id", "T.pipeline_id"},
                                ListedField{"id", "T.pipeline_id"},
                                ListedField{"name", "T.name"},
                                ListedField{"display_name", "T.display_name"},
                                ListedField{"created_at", "T.created_seconds", false},
                                ListedField{"description", "T.description"},
                                ListedField{"namespace", "T.namespace"}};
constexpr std::array<std::string_view, 3> kScopes = {"T.namespace", "", ""};
constexpr ListedTable kTable = {"Pipeline", sql::kColumnsOfPipelines, sql::kCountPipelines, kFields, kScopes,
                                true};

constexpr std::array kVersionFields = {ListedField{"pipeline_version_id", "T.version_id"},
                                       ListedField{"id", "T.version_id"},
                                       ListedField{"name", "T.name"},
                                       ListedField{"display_name", "T.display_name"},
                                       ListedField{"created_at", "T.created_seconds", false},
                                       ListedField{"description", "T.description"}};
constexpr std::array<std::string_view, 3> kVersionScopes = {"", "", "T.pipeline_id"};
constexpr ListedTable kVersionTable = {"PipelineVersion",
                                       sql::kColumnsOfPipelineVersions,
                                       sql::kCountPipelineVersions,
                                       kVersionFields,
                                       kVersionScopes,
                                       true};

Result<PipelineRecord> ReadRow(const Statement& row) {
  PipelineRecord pipeline{.id = row.Text(2),
                          .namespace_name = row.Text(3),
                          .name = row.Text(4),
                          .display_name = row.Text(5),
                          .description = row.Text(6),
                          .created_seconds = row.Int(8)};
  PENSTOCK_ASSIGN_OR_RETURN(pipeline.tags, ParseJson(row.Text(7), "tags of a pipeline"));
  return pipeline;
}

Result<PipelineVersionRecord> ReadVersionRow(const Statement& row) {
  PipelineVersionRecord version{.id = row.Text(2),
                                .pipeline_id = row.Text(3),
                                .name = row.Text(4),
                                .display_name = row.Text(5),
                                .description = row.Text(6),
                                .package_url = row.Text(7),
                                .code_source_url = row.Text(8),
                                .spec = row.Text(11),
                                .created_seconds = row.Int(10)};
  PENSTOCK_ASSIGN_OR_RETURN(version.tags, ParseJson(row.Text(9), "tags of a pipeline version"));
  return version;
}

constexpr std::string_view kAndPipelineAndName = "AND T.pipeline_id = ? AND T.name = ?";

}  // namespace

Status InsertPipeline(Connection& connection, const PipelineRecord& pipeline,
                      const PipelineVersionRecord* version) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto taken,
                            ReadOne<PipelineRecord>(connection, kTable, sql::kAndNamespaceAndName, ReadRow,
                                                    pipeline.namespace_name, pipeline.name));
  if (taken.has_value()) {
    return AlreadyExists(
        "Failed to create a new pipeline. The name {} already exists. Please specify a new name",
        pipeline.name);
  }
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertPipeline, pipeline.id, pipeline.namespace_name,
                                          pipeline.name, pipeline.display_name, pipeline.description,
                                          DumpJson(pipeline.tags), pipeline.created_seconds));
  return version == nullptr ? OkStatus() : InsertPipelineVersion(connection, *version);
}

Result<PipelineRecord> ReadPipeline(Connection& connection, const std::string& id) {
  PENSTOCK_ASSIGN_OR_RETURN(auto found,
                            ReadOne<PipelineRecord>(connection, kTable, sql::kAndPipelineId, ReadRow, id));
  if (!found.has_value()) return NotFound("Pipeline {} not found", id);
  return *std::move(found);
}

Result<PipelineRecord> ReadPipelineByName(Connection& connection, const std::string& namespace_name,
                                          const std::string& name) {
  PENSTOCK_ASSIGN_OR_RETURN(auto found, ReadOne<PipelineRecord>(connection, kTable, sql::kAndNamespaceAndName,
                                                                ReadRow, namespace_name, name));
  if (!found.has_value()) return NotFound("Namespace/Pipeline {}/{} not found", namespace_name, name);
  return *std::move(found);
}

Result<Page<PipelineRecord>> ListPipelines(Connection& connection, const ListQuery& query) {
  PENSTOCK_ASSIGN_OR_RETURN(auto page, ReadPage<PipelineRecord>(connection, query, kTable, ReadRow));
  if (query.wants_total) {
    PENSTOCK_ASSIGN_OR_RETURN(page.total, CountMatches(connection, query, kTable));
  }
  return page;
}

Status UpdatePipeline(Connection& connection, const PipelineRecord& pipeline) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kUpdatePipeline, pipeline.id, pipeline.display_name,
                                          pipeline.description, DumpJson(pipeline.tags)));
  return connection.NumChanged() > 0 ? OkStatus() : NotFound("Pipeline {} not found", pipeline.id);
}

Status DeletePipeline(Connection& connection, const std::string& id, bool is_cascading) {
  PENSTOCK_RETURN_IF_ERROR(ReadPipeline(connection, id).status());
  const auto latest = ReadLatestPipelineVersion(connection, id);
  if (latest.ok() && !is_cascading) {
    return InvalidArgument(
        "Failed to delete pipeline with id {} as it has existing pipeline versions (e.g. {}). Set "
        "cascade=true to delete all versions",
        id, latest->id);
  }
  if (!latest.ok() && !absl::IsNotFound(latest.status())) return latest.status();
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kDeleteVersionsOfPipeline, id));
  return connection.Run(sql::kDeletePipeline, id);
}

Status InsertPipelineVersion(Connection& connection, const PipelineVersionRecord& version) {
  PENSTOCK_RETURN_IF_ERROR(ReadPipeline(connection, version.pipeline_id).status());
  PENSTOCK_ASSIGN_OR_RETURN(
      const auto taken, ReadOne<PipelineVersionRecord>(connection, kVersionTable, kAndPipelineAndName,
                                                       ReadVersionRow, version.pipeline_id, version.name));
  if (taken.has_value()) {
    return AlreadyExists(
        "Failed to create a new pipeline version. The name {} already exists. Specify a new name",
        version.name);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t spec, EnsureSpecText(connection, version.spec));
  return connection.Run(sql::kInsertPipelineVersion, version.id, version.pipeline_id, version.name,
                        version.display_name, version.description, version.package_url,
                        version.code_source_url, DumpJson(version.tags), spec, version.created_seconds);
}

Result<PipelineVersionRecord> ReadPipelineVersion(Connection& connection, const std::string& id) {
  PENSTOCK_ASSIGN_OR_RETURN(
      auto found,
      ReadOne<PipelineVersionRecord>(connection, kVersionTable, sql::kAndVersionId, ReadVersionRow, id));
  if (!found.has_value()) return NotFound("PipelineVersion {} not found", id);
  return *std::move(found);
}

Result<PipelineVersionRecord> ReadLatestPipelineVersion(Connection& connection,
                                                        const std::string& pipeline_id) {
  std::string condition(sql::kAndPipelineId);
  condition.append("\n").append(sql::kNewestVersionFirst);
  PENSTOCK_ASSIGN_OR_RETURN(auto found, ReadOne<PipelineVersionRecord>(connection, kVersionTable, condition,
                                                                       ReadVersionRow, pipeline_id));
  if (!found.has_value()) return NotFound("PipelineVersion {} not found", pipeline_id);
  return *std::move(found);
}

Result<Page<PipelineVersionRecord>> ListPipelineVersions(Connection& connection, const ListQuery& query) {
  PENSTOCK_ASSIGN_OR_RETURN(
      auto page, ReadPage<PipelineVersionRecord>(connection, query, kVersionTable, ReadVersionRow));
  if (query.wants_total) {
    PENSTOCK_ASSIGN_OR_RETURN(page.total, CountMatches(connection, query, kVersionTable));
  }
  return page;
}

Status UpdatePipelineVersion(Connection& connection, const PipelineVersionRecord& version) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kUpdatePipelineVersion, version.id, version.display_name,
                                          version.description, DumpJson(version.tags)));
  return connection.NumChanged() > 0 ? OkStatus() : NotFound("PipelineVersion {} not found", version.id);
}

Status DeletePipelineVersion(Connection& connection, const std::string& id) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kDeletePipelineVersion, id));
  return connection.NumChanged() > 0 ? OkStatus() : NotFound("PipelineVersion {} not found", id);
}

}  // namespace penstock::metadata::database
