#include "penstock/metadata/database/events.h"

#include <algorithm>
#include <utility>

#include "penstock/metadata/database/artifacts.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata::database {

Status InsertEvents(Connection& connection, int64_t execution_id, EventType type,
                    const IdsByName& artifact_ids, Timestamp now) {
  // ML Metadata allows one event per artifact, execution and type: an artifact that comes
  // under two names has one event with both in its path.
  std::map<int64_t, int64_t> event_of_artifact;
  for (const auto& [name, ids] : artifact_ids) {
    for (size_t index = 0; index < ids.size(); ++index) {
      auto entry = event_of_artifact.find(ids[index]);
      if (entry == event_of_artifact.end()) {
        PENSTOCK_ASSIGN_OR_RETURN(
            const int64_t event_id,
            connection.Insert(sql::kInsertEvent, ids[index], execution_id, type, now.millis()));
        entry = event_of_artifact.emplace(ids[index], event_id).first;
      }
      PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertEventPath, entry->second, name, index));
    }
  }
  return OkStatus();
}

Result<std::vector<EventPath>> ReadEvents(Connection& connection, int64_t execution_id, EventType type) {
  Statement row = connection.Prepare(sql::kSelectEventSteps);
  row.Bind(execution_id, type);
  std::vector<EventPath> paths;
  int64_t open_event = 0;  // The event whose last path has a name and no index yet; 0: none.
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return paths;
    const int64_t event_id = row.Int(0);
    const bool is_index = row.Int(2) != 0;
    if (is_index && open_event == event_id) {
      paths.back().index = row.Int(3);
      open_event = 0;
      continue;
    }
    // ML Metadata's other clients may leave out one of the two steps.
    paths.push_back({row.Int(1), is_index ? std::string() : row.Text(4), is_index ? row.Int(3) : 0});
    open_event = is_index ? 0 : event_id;
  }
}

Result<IdsByName> ReadArtifactIds(Connection& connection, int64_t execution_id, EventType type) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<EventPath> paths, ReadEvents(connection, execution_id, type));
  std::stable_sort(paths.begin(), paths.end(),
                   [](const EventPath& a, const EventPath& b) { return a.index < b.index; });
  IdsByName ids;
  for (EventPath& path : paths) ids[std::move(path.name)].push_back(path.artifact_id);
  return ids;
}

Result<ArtifactsByName> ReadArtifacts(Connection& connection, int64_t execution_id, EventType type) {
  PENSTOCK_ASSIGN_OR_RETURN(const IdsByName ids_by_name, ReadArtifactIds(connection, execution_id, type));
  ArtifactsByName artifacts;
  for (const auto& [name, ids] : ids_by_name) {
    std::vector<pipeline::Artifact>& named = artifacts[name];
    for (const int64_t id : ids) {
      PENSTOCK_ASSIGN_OR_RETURN(pipeline::Artifact artifact, ReadArtifact(connection, id));
      named.push_back(std::move(artifact));
    }
  }
  return artifacts;
}

}  // namespace penstock::metadata::database
