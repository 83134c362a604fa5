#include "penstock/metadata/mlmd/lineage_subgraph.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <vector>

#include <google/protobuf/field_mask.pb.h>

#include "ml_metadata/proto/metadata_store.pb.h"
#include "penstock/metadata/mlmd/edges.h"
#include "penstock/metadata/mlmd/listing.h"
#include "penstock/metadata/mlmd/statements.h"
#include "penstock/metadata/mlmd/types.h"

namespace penstock::metadata::mlmd {
namespace {

using google::protobuf::RepeatedPtrField;
using ml_metadata::Artifact;
using ml_metadata::Event;
using ml_metadata::Execution;
using ml_metadata::LineageGraph;
using Options = ml_metadata::LineageSubgraphQueryOptions;
using database::Connection;
using database::Statement;

constexpr int64_t kMaxHops = 100;

bool IsInput(Event::Type type) {
  return type == Event::INPUT || type == Event::DECLARED_INPUT || type == Event::INTERNAL_INPUT;
}
bool IsOutput(Event::Type type) {
  return type == Event::OUTPUT || type == Event::DECLARED_OUTPUT || type == Event::INTERNAL_OUTPUT ||
         type == Event::PENDING_OUTPUT;
}

/// Whether the walk goes along an event, from this end of it.
bool IsFollowed(const Event& event, bool is_from_artifacts, Options::Direction direction) {
  if (direction != Options::UPSTREAM && direction != Options::DOWNSTREAM) return true;
  const bool is_upstream = direction == Options::UPSTREAM;
  return is_upstream == is_from_artifacts ? IsOutput(event.type()) : IsInput(event.type());
}

/// One of the two kinds of node: which were met, and which of them end the walk.
struct Side {
  std::unordered_set<int64_t> visited;
  std::unordered_set<int64_t> ending;
  const Options::EndingNodes* ending_nodes = nullptr;

  bool IncludesEnding() const { return ending_nodes->include_ending_nodes(); }
};

class SubgraphWalk {
 public:
  SubgraphWalk(Connection& db, const Options& options) : db_(db), options_(options) {
    artifacts_.ending_nodes = &options.ending_artifacts();
    executions_.ending_nodes = &options.ending_executions();
  }

  Status Run(bool is_from_artifacts, std::vector<int64_t> start, int64_t max_hops) {
    Side& first = is_from_artifacts ? artifacts_ : executions_;
    PENSTOCK_RETURN_IF_ERROR(is_from_artifacts ? FindEnding<Artifact>(start, first)
                                               : FindEnding<Execution>(start, first));
    std::erase_if(start, [&](int64_t id) { return first.ending.contains(id); });
    first.visited.insert(start.begin(), start.end());
    std::vector<int64_t> frontier = std::move(start);
    for (int64_t hop = 0; hop < max_hops && !frontier.empty(); ++hop) {
      PENSTOCK_ASSIGN_OR_RETURN(frontier, Expand(is_from_artifacts == (hop % 2 == 0), std::move(frontier)));
    }
    return OkStatus();
  }

  std::vector<int64_t> ArtifactIds() const { return IdsOf(artifacts_); }
  std::vector<int64_t> ExecutionIds() const { return IdsOf(executions_); }
  RepeatedPtrField<Event>& events() { return events_; }

 private:
  static std::vector<int64_t> IdsOf(const Side& side) {
    std::vector<int64_t> ids(side.visited.begin(), side.visited.end());
    if (side.IncludesEnding()) ids.insert(ids.end(), side.ending.begin(), side.ending.end());
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  template <class Node>
  Status FindEnding(const std::vector<int64_t>& ids, Side& side) {
    if (!side.ending_nodes->has_filter_query() || ids.empty()) return OkStatus();
    if (side.ending_nodes->filter_query().empty()) {  // Without a condition every node ends the walk.
      side.ending.insert(ids.begin(), ids.end());
      return OkStatus();
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto ending,
                              FilterNodeIds<Node>(db_, side.ending_nodes->filter_query(), {.ids = &ids}));
    side.ending.insert(ending.begin(), ending.end());
    return OkStatus();
  }

  /// One hop: from these artifacts to executions, or the other way; answers the nodes met first.
  Result<std::vector<int64_t>> Expand(bool is_from_artifacts, std::vector<int64_t> frontier) {
    RepeatedPtrField<Event> events;
    PENSTOCK_RETURN_IF_ERROR(AppendEvents(db_, is_from_artifacts ? EventEnd::kArtifact : EventEnd::kExecution,
                                          std::move(frontier), events));
    Side& side = is_from_artifacts ? executions_ : artifacts_;
    const auto far_end = [&](const Event& event) {
      return is_from_artifacts ? event.execution_id() : event.artifact_id();
    };
    std::set<int64_t> met;
    for (const Event& event : events) {
      if (!IsFollowed(event, is_from_artifacts, options_.direction())) continue;
      const int64_t id = far_end(event);
      if (!side.visited.contains(id) && !side.ending.contains(id)) met.insert(id);
    }
    std::vector<int64_t> next(met.begin(), met.end());
    PENSTOCK_RETURN_IF_ERROR(is_from_artifacts ? FindEnding<Execution>(next, side)
                                               : FindEnding<Artifact>(next, side));
    std::erase_if(next, [&](int64_t id) { return side.ending.contains(id); });
    KeepEvents(events, is_from_artifacts, side, far_end);
    side.visited.insert(next.begin(), next.end());
    return next;
  }

  template <class FarEnd>
  void KeepEvents(RepeatedPtrField<Event>& events, bool is_from_artifacts, const Side& side,
                  const FarEnd& far_end) {
    const bool is_one_way =
        options_.direction() == Options::UPSTREAM || options_.direction() == Options::DOWNSTREAM;
    for (Event& event : events) {
      if (!IsFollowed(event, is_from_artifacts, options_.direction())) continue;
      const int64_t id = far_end(event);
      // Going both ways, an event between two visited nodes was met from its other end already.
      const bool is_kept = side.ending.contains(id)    ? side.IncludesEnding()
                           : side.visited.contains(id) ? is_one_way
                                                       : true;
      if (is_kept) *events_.Add() = std::move(event);
    }
  }

  Connection& db_;
  const Options& options_;
  Side artifacts_;
  Side executions_;
  RepeatedPtrField<Event> events_;
};

struct StartingNodes {
  bool is_artifacts = false;
  std::vector<int64_t> ids;
};

Result<StartingNodes> FindStart(Connection& db, const Options& options) {
  if (!options.has_starting_artifacts() && !options.has_starting_executions()) {
    return InvalidArgument("Missing arguments for listing starting nodes.");
  }
  StartingNodes start;
  start.is_artifacts = options.has_starting_artifacts();
  const std::string& filter_query = start.is_artifacts ? options.starting_artifacts().filter_query()
                                                       : options.starting_executions().filter_query();
  if (filter_query.empty()) {
    return InvalidArgument("Cannot list starting nodes if `filter_query` is unspecified.");
  }
  if (options.has_max_num_hops() && options.max_num_hops() < 0) {
    return InvalidArgument("max_num_hops cannot be negative: max_num_hops = {}", options.max_num_hops());
  }
  PENSTOCK_ASSIGN_OR_RETURN(start.ids, start.is_artifacts ? FilterNodeIds<Artifact>(db, filter_query, {})
                                                          : FilterNodeIds<Execution>(db, filter_query, {}));
  if (start.ids.empty()) return NotFound("Cannot find qualified nodes to start the traversal.");
  return start;
}

/// Appends the context's links of these nodes and collects the contexts; `add` takes (context id, node id).
template <class Add>
Status ReadLinks(Connection& db, std::string_view statement, const std::vector<int64_t>& ids,
                 std::set<int64_t>& contexts, const Add& add) {
  for (const int64_t id : ids) {
    Statement row = db.Prepare(statement);
    row.Bind(id);
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
      if (!has_row) break;
      contexts.insert(row.Int(0));
      add(row.Int(0), id);
    }
  }
  return OkStatus();
}

}  // namespace

Status QueryLineageSubgraph(Connection& db, const Options& options,
                            const google::protobuf::FieldMask& read_mask, LineageGraph& graph) {
  PENSTOCK_ASSIGN_OR_RETURN(StartingNodes start, FindStart(db, options));
  const int64_t max_hops = options.has_max_num_hops() ? std::min(options.max_num_hops(), kMaxHops) : kMaxHops;
  SubgraphWalk walk(db, options);
  PENSTOCK_RETURN_IF_ERROR(walk.Run(start.is_artifacts, std::move(start.ids), max_hops));

  const std::set<std::string> paths(read_mask.paths().begin(), read_mask.paths().end());
  const auto is_asked = [&](const char* field) { return paths.empty() || paths.contains(field); };
  const std::vector<int64_t> artifact_ids = walk.ArtifactIds(), execution_ids = walk.ExecutionIds();
  if (is_asked("artifacts")) {
    for (const int64_t id : artifact_ids) graph.add_artifacts()->set_id(id);
  }
  if (is_asked("executions")) {
    for (const int64_t id : execution_ids) graph.add_executions()->set_id(id);
  }
  if (is_asked("contexts") || is_asked("attributions") || is_asked("associations")) {
    std::set<int64_t> contexts;
    PENSTOCK_RETURN_IF_ERROR(ReadLinks(db, sql::kSelectContextIdsByArtifact, artifact_ids, contexts,
                                       [&](int64_t context, int64_t artifact) {
                                         if (!is_asked("attributions")) return;
                                         auto& link = *graph.add_attributions();
                                         link.set_artifact_id(artifact);
                                         link.set_context_id(context);
                                       }));
    PENSTOCK_RETURN_IF_ERROR(ReadLinks(db, sql::kSelectContextIdsByExecution, execution_ids, contexts,
                                       [&](int64_t context, int64_t execution) {
                                         if (!is_asked("associations")) return;
                                         auto& link = *graph.add_associations();
                                         link.set_execution_id(execution);
                                         link.set_context_id(context);
                                       }));
    if (is_asked("contexts")) {
      for (const int64_t id : contexts) graph.add_contexts()->set_id(id);
    }
  }
  if (is_asked("events")) graph.mutable_events()->Swap(&walk.events());
  if (is_asked("artifact_types")) PENSTOCK_RETURN_IF_ERROR(ListTypes(db, *graph.mutable_artifact_types()));
  if (is_asked("execution_types")) PENSTOCK_RETURN_IF_ERROR(ListTypes(db, *graph.mutable_execution_types()));
  if (is_asked("context_types")) PENSTOCK_RETURN_IF_ERROR(ListTypes(db, *graph.mutable_context_types()));
  return OkStatus();
}

}  // namespace penstock::metadata::mlmd
