#include "penstock/runtime/run_state.h"

#include <nlohmann/json.hpp>

namespace penstock::runtime {
namespace {

using nlohmann::json;

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

json ToJson(const RunEvent& event) {
  json out = std::visit(
      Overloaded{
          [](const event::NodeLaunched& e) {
            return json{{"event", "node_launched"}, {"node", e.node}, {"attempt", e.attempt}};
          },
          [](const event::NodeSucceeded& e) {
            return json{{"event", "node_succeeded"}, {"node", e.node},       {"execution_id", e.execution_id},
                        {"cached", e.is_cached},     {"seconds", e.seconds}, {"refusal", e.refusal}};
          },
          [](const event::NodeFailed& e) {
            return json{{"event", "node_failed"},
                        {"node", e.node},
                        {"code", static_cast<int>(e.code)},
                        {"message", e.message},
                        {"seconds", e.seconds}};
          },
          [](const event::NodeSkipped& e) {
            return json{{"event", "node_skipped"}, {"node", e.node}, {"cause", e.cause}};
          },
          [](const event::NodeInterrupted& e) {
            return json{{"event", "node_interrupted"}, {"node", e.node}};
          },
          [](const event::CancelRequested&) {
            return json{{"event", "cancel_requested"}};
          },
          [](const event::RunCompleted& e) {
            return json{{"event", "run_completed"}, {"succeeded", e.succeeded}};
          },
      },
      event.what);
  out["time"] = event.time.micros;
  return out;
}

RunEvent FromJson(const json& in) {
  RunEvent event;
  event.time.micros = in.at("time").get<int64_t>();
  const auto kind = in.at("event").get<std::string>();
  auto node = [&] { return in.at("node").get<std::string>(); };
  if (kind == "node_launched") {
    event.what = event::NodeLaunched{node(), in.at("attempt").get<int>()};
  } else if (kind == "node_succeeded") {
    event.what =
        event::NodeSucceeded{node(), in.at("execution_id").get<int64_t>(), in.at("cached").get<bool>(),
                             in.at("seconds").get<double>(), in.at("refusal").get<std::string>()};
  } else if (kind == "node_failed") {
    event.what = event::NodeFailed{node(), static_cast<StatusCode>(in.at("code").get<int>()),
                                   in.at("message").get<std::string>(), in.at("seconds").get<double>()};
  } else if (kind == "node_skipped") {
    event.what = event::NodeSkipped{node(), in.at("cause").get<std::string>()};
  } else if (kind == "node_interrupted") {
    event.what = event::NodeInterrupted{node()};
  } else if (kind == "cancel_requested") {
    event.what = event::CancelRequested{};
  } else if (kind == "run_completed") {
    event.what = event::RunCompleted{in.at("succeeded").get<bool>()};
  } else {
    throw json::other_error::create(501, "unknown event " + kind, nullptr);
  }
  return event;
}

}  // namespace

std::string EncodeEvent(const RunEvent& event) {
  // A message may quote damaged input: replace what is not UTF-8 rather than fail.
  return ToJson(event).dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<RunEvent> DecodeEvent(std::string_view text) {
  try {
    return FromJson(json::parse(text));
  } catch (const json::exception& error) {
    return DataLoss("The run's history holds an event that cannot be read ({}): {}", error.what(),
                    text.substr(0, 200));
  }
}

std::string_view NodeStatusName(NodeStatus status) {
  switch (status) {
    case NodeStatus::kWaiting:
      return "waiting";
    case NodeStatus::kRunning:
      return "running";
    case NodeStatus::kSucceeded:
      return "succeeded";
    case NodeStatus::kFailed:
      return "failed";
    case NodeStatus::kSkipped:
      return "skipped";
  }
  return "unknown";
}

RunState Apply(RunState state, const RunEvent& event) {
  auto touch = [&](const std::string& node) -> NodeState& {
    NodeState& touched = state.nodes[node];
    touched.changed = event.time;
    return touched;
  };
  std::visit(Overloaded{
                 [&](const event::NodeLaunched& e) {
                   NodeState& node = touch(e.node);
                   node.status = NodeStatus::kRunning;
                   node.num_attempts = e.attempt;
                 },
                 [&](const event::NodeSucceeded& e) {
                   NodeState& node = touch(e.node);
                   node.status = NodeStatus::kSucceeded;
                   node.execution_id = e.execution_id;
                   node.is_cached = e.is_cached;
                   node.seconds = e.seconds;
                   node.refusal = e.refusal;
                   node.last_code = StatusCode::kOk;
                   node.last_error.clear();
                 },
                 [&](const event::NodeFailed& e) {
                   NodeState& node = touch(e.node);
                   node.status = NodeStatus::kFailed;
                   ++node.num_failures;
                   node.last_code = e.code;
                   node.last_error = e.message;
                   node.seconds = e.seconds;
                 },
                 [&](const event::NodeSkipped& e) {
                   NodeState& node = touch(e.node);
                   node.status = NodeStatus::kSkipped;
                   node.skip_cause = e.cause;
                 },
                 [&](const event::NodeInterrupted& e) { touch(e.node).status = NodeStatus::kWaiting; },
                 [&](const event::CancelRequested&) { state.is_cancelled = true; },
                 [&](const event::RunCompleted& e) {
                   state.is_complete = true;
                   state.succeeded = e.succeeded;
                 },
             },
             event.what);
  return state;
}

}  // namespace penstock::runtime
