#include "penstock/metadata/database/artifacts.h"

#include "penstock/metadata/database/contexts.h"
#include "penstock/metadata/database/properties.h"
#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/types.h"
#include "penstock/metadata/known_types.h"

namespace penstock::metadata::database {
namespace {

using pipeline::Artifact;
using pipeline::ArtifactState;

/// ML Metadata's numbers of artifact states.
int64_t ToStored(ArtifactState state) {
  switch (state) {
    case ArtifactState::kPending:
      return 1;
    case ArtifactState::kLive:
      return 2;
    case ArtifactState::kDeleted:
      return 4;
    case ArtifactState::kAbandoned:
      return 5;
  }
  return 0;
}

/// Of a file that others write too: 3 is MARKED_FOR_DELETION, 6 REFERENCE; both must not be
/// taken for content that is there.
ArtifactState FromStored(int64_t state) {
  switch (state) {
    case 2:
      return ArtifactState::kLive;
    case 3:
    case 4:
      return ArtifactState::kDeleted;
    case 5:
      return ArtifactState::kAbandoned;
    default:
      return ArtifactState::kPending;
  }
}

/// Declared where the type declares it with this value's type, otherwise custom.
Status InsertProperty(Connection& connection, int64_t artifact_id, int64_t type_id, const std::string& name,
                      const PropertyColumns& columns) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> declared,
                            connection.FindInt(sql::kSelectTypeProperty, type_id, name));
  const bool is_custom = declared != static_cast<int64_t>(columns.type());
  return connection.Run(sql::kInsertArtifactProperty, artifact_id, name, is_custom, columns.int_value,
                        columns.double_value, columns.string_value, columns.bool_value);
}

Status InsertProperties(Connection& connection, int64_t artifact_id, int64_t type_id,
                        const Artifact& artifact) {
  if (!artifact.properties.is_null() && !artifact.properties.is_object()) {
    return InvalidArgument("The properties of the {} artifact at {} are no JSON object", artifact.type,
                           artifact.uri);
  }
  for (const auto& [name, value] : artifact.properties.items()) {
    if (name == kContentDigestProperty) {
      return InvalidArgument("The artifact property name '{}' is Penstock's own: name it otherwise", name);
    }
    const auto columns = ToPropertyColumns(name, value);
    if (!columns.ok())
      return Annotate(columns.status(), fmt::format("{} artifact at {}", artifact.type, artifact.uri));
    PENSTOCK_RETURN_IF_ERROR(InsertProperty(connection, artifact_id, type_id, name, *columns));
  }
  if (artifact.content.IsZero()) return OkStatus();
  PropertyColumns digest;
  digest.string_value = artifact.content.ToHex();
  return InsertProperty(connection, artifact_id, type_id, std::string(kContentDigestProperty), digest);
}

Status ReadProperties(Connection& connection, Artifact& artifact) {
  Statement row = connection.Prepare(sql::kSelectArtifactProperties);
  row.Bind(artifact.id);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return OkStatus();
    const std::string name = row.Text(0);
    if (name == kContentDigestProperty) {
      PENSTOCK_ASSIGN_OR_RETURN(artifact.content, Digest::FromHex(row.Text(3)));
      continue;
    }
    nlohmann::json value = ReadProperty(row, 1);
    if (!value.is_null()) artifact.properties[name] = std::move(value);
  }
}

/// Of a row of id, type, uri, state, name.
Result<Artifact> ReadRow(Connection& connection, const Statement& row) {
  Artifact artifact;
  artifact.id = row.Int(0);
  artifact.type = row.Text(1);
  artifact.uri = row.Text(2);
  artifact.state = FromStored(row.Int(3));
  artifact.name = row.Text(4);
  PENSTOCK_RETURN_IF_ERROR(ReadProperties(connection, artifact));
  return artifact;
}

/// The conditions of a query on contexts, as context ids; empty where one of them is unknown.
Result<std::optional<std::vector<int64_t>>> FindContexts(Connection& connection, const ArtifactQuery& query) {
  std::vector<std::pair<std::string_view, std::string>> named;
  if (query.run_id.has_value()) named.emplace_back(kRunContextType, *query.run_id);
  if (query.node_id.has_value()) {
    named.emplace_back(kNodeContextType, NodeContextName(*query.pipeline_name, *query.node_id));
  }
  if (query.pipeline_name.has_value()) named.emplace_back(kPipelineContextType, *query.pipeline_name);
  std::vector<int64_t> ids;
  for (const auto& [type, name] : named) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> id, FindContext(connection, type, name));
    if (!id.has_value()) return std::optional<std::vector<int64_t>>();
    ids.push_back(*id);
  }
  return std::optional(std::move(ids));
}

std::string_view ConditionOf(PropertyType type) {
  switch (type) {
    case PropertyType::kInteger:
      return sql::kAndArtifactIntProperty;
    case PropertyType::kDouble:
      return sql::kAndArtifactDoubleProperty;
    case PropertyType::kString:
      return sql::kAndArtifactStringProperty;
    case PropertyType::kBoolean:
      return sql::kAndArtifactBoolProperty;
  }
  return sql::kAndArtifactStringProperty;
}

struct PropertyCondition {
  std::string name;
  PropertyColumns columns;
};

Result<std::vector<PropertyCondition>> CheckQuery(const ArtifactQuery& query) {
  if (query.limit < 0) return InvalidArgument("The limit of an artifact query is negative: {}", query.limit);
  if (query.node_id.has_value() && !query.pipeline_name.has_value()) {
    return InvalidArgument("A query for node '{}' needs the pipeline's name: nodes belong to one",
                           *query.node_id);
  }
  std::vector<PropertyCondition> conditions;
  for (const auto& [name, value] : query.properties) {
    PENSTOCK_ASSIGN_OR_RETURN(PropertyColumns columns, ToPropertyColumns(name, value));
    conditions.push_back({name, std::move(columns)});
  }
  return conditions;
}

std::string TextOf(const ArtifactQuery& query, const std::vector<int64_t>& contexts,
                   const std::vector<PropertyCondition>& properties) {
  std::string text(sql::kFindArtifacts);
  const auto add = [&](std::string_view fragment) { text.append("\n").append(fragment); };
  if (query.type.has_value()) add(sql::kAndArtifactType);
  for (size_t i = 0; i < contexts.size(); ++i) add(sql::kAndArtifactInContext);
  if (query.state.has_value()) add(sql::kAndArtifactState);
  if (query.uri.has_value()) add(sql::kAndArtifactUri);
  if (query.before_artifact_id.has_value()) add(sql::kAndArtifactBelow);
  for (const PropertyCondition& property : properties) add(ConditionOf(property.columns.type()));
  add(sql::kNewestArtifactsFirst);
  return text;
}

/// In the order of TextOf.
void BindTo(Statement& statement, const ArtifactQuery& query, const std::vector<int64_t>& contexts,
            const std::vector<PropertyCondition>& properties) {
  if (query.type.has_value()) statement.Bind(*query.type);
  for (const int64_t context : contexts) statement.Bind(context);
  if (query.state.has_value()) statement.Bind(ToStored(*query.state));
  if (query.uri.has_value()) statement.Bind(*query.uri);
  if (query.before_artifact_id.has_value()) statement.Bind(*query.before_artifact_id);
  for (const auto& [name, columns] : properties) {
    statement.Bind(name);
    switch (columns.type()) {
      case PropertyType::kInteger:
        statement.Bind(columns.int_value, name, static_cast<double>(*columns.int_value));
        break;
      case PropertyType::kDouble:
        statement.Bind(columns.double_value);
        break;
      case PropertyType::kString:
        statement.Bind(columns.string_value);
        break;
      case PropertyType::kBoolean:
        statement.Bind(columns.bool_value);
        break;
    }
  }
  statement.Bind(query.limit);
}

}  // namespace

Result<int64_t> InsertLiveArtifact(Connection& connection, const Artifact& artifact, Timestamp now) {
  if (artifact.type.empty()) return InvalidArgument("An artifact without a type, at {}", artifact.uri);
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t type_id,
                            EnsureType(connection, TypeKind::kArtifact, artifact.type));
  // Any number of artifacts may have no name: that is NULL, which the unique index leaves apart.
  const std::optional<std::string> name =
      artifact.name.empty() ? std::nullopt : std::optional<std::string>(artifact.name);
  const Result<int64_t> id = connection.Insert(sql::kInsertArtifact, type_id, artifact.uri,
                                               ToStored(ArtifactState::kLive), name, now.millis());
  if (absl::IsAlreadyExists(id.status())) {
    return AlreadyExists("A {} artifact with the name '{}' is in the metadata store already", artifact.type,
                         artifact.name);
  }
  PENSTOCK_RETURN_IF_ERROR(id.status());
  PENSTOCK_RETURN_IF_ERROR(InsertProperties(connection, *id, type_id, artifact));
  return id;
}

Result<Artifact> ReadArtifact(Connection& connection, int64_t artifact_id) {
  Statement row = connection.Prepare(sql::kSelectArtifact);
  row.Bind(artifact_id);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return NotFound("There is no artifact {} in the metadata store", artifact_id);
  return ReadRow(connection, row);
}

Status CheckArtifactExists(Connection& connection, int64_t artifact_id, std::string_view what) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> stored,
                            connection.FindInt(sql::kSelectArtifactExists, artifact_id));
  if (stored.has_value()) return OkStatus();
  return NotFound("There is no artifact {} in the metadata store, named as {}", artifact_id, what);
}

Result<std::vector<Artifact>> FindArtifacts(Connection& connection, const ArtifactQuery& query) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<PropertyCondition> properties, CheckQuery(query));
  PENSTOCK_ASSIGN_OR_RETURN(const auto contexts, FindContexts(connection, query));
  std::vector<Artifact> artifacts;
  if (!contexts.has_value()) return artifacts;
  Statement row = connection.Prepare(TextOf(query, *contexts, properties));
  BindTo(row, query, *contexts, properties);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return artifacts;
    PENSTOCK_ASSIGN_OR_RETURN(Artifact artifact, ReadRow(connection, row));
    artifacts.push_back(std::move(artifact));
  }
}

Status SetArtifactState(Connection& connection, std::span<const int64_t> artifact_ids, ArtifactState state,
                        Timestamp now) {
  for (const int64_t id : artifact_ids) {
    PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kUpdateArtifactState, id, ToStored(state), now.millis()));
    if (connection.NumChanged() == 0) return NotFound("There is no artifact {} in the metadata store", id);
  }
  return OkStatus();
}

Result<std::optional<Artifact>> LatestBlessedModel(Connection& connection, const std::string& pipeline_name,
                                                   std::optional<int64_t> before_artifact_id) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> context,
                            FindContext(connection, kPipelineContextType, pipeline_name));
  if (!context.has_value()) return std::optional<Artifact>();
  PENSTOCK_ASSIGN_OR_RETURN(
      const std::optional<int64_t> model,
      connection.FindInt(sql::kSelectLatestBlessedModel, pipeline::types::kModelBlessing, *context,
                         before_artifact_id));
  if (!model.has_value()) return std::optional<Artifact>();
  PENSTOCK_ASSIGN_OR_RETURN(Artifact artifact, ReadArtifact(connection, *model));
  return std::optional(std::move(artifact));
}

}  // namespace penstock::metadata::database
