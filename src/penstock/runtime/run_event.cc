#include "penstock/runtime/run_event.h"

namespace penstock::runtime {
namespace {

using nlohmann::json;

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

/// Defaults are left out: a history of ten thousand iterations is mostly this.
void PutText(json& out, const char* key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}

void PutParts(json& out, const std::string& path, const std::map<std::string, std::string>& parts) {
  if (parts.empty()) return;
  out["node"] = path;
  out["parts"] = parts;
}

std::map<std::string, std::string> PartsOf(const json& in) {
  return in.contains("parts") ? in.at("parts").get<std::map<std::string, std::string>>()
                              : std::map<std::string, std::string>();
}

json ToJson(const EventKind& what) {
  return std::visit(
      Overloaded{
          [](const event::RunCreated& e) {
            return json{{"event", "run_created"}, {"settings", e.settings}};
          },
          [](const event::TaskOpened& e) {
            return json{{"event", "task_opened"}, {"task", e.task}, {"iterations", e.num_iterations}};
          },
          [](const event::TaskLaunched& e) {
            json out = {{"event", "task_launched"}, {"task", e.task}, {"attempt", e.attempt}};
            PutText(out, "note", e.note);
            PutParts(out, e.path, e.parts);
            return out;
          },
          [](const event::TaskSucceeded& e) {
            json out = {{"event", "task_succeeded"}, {"task", e.task}, {"execution_id", e.execution_id}};
            if (e.is_cached) out["cached"] = true;
            if (e.seconds != 0) out["seconds"] = e.seconds;
            PutText(out, "refusal", e.refusal);
            PutText(out, "note", e.note);
            PutParts(out, e.path, e.parts);
            return out;
          },
          [](const event::TaskFailed& e) {
            return json{{"event", "task_failed"},
                        {"task", e.task},
                        {"code", static_cast<int>(e.code)},
                        {"message", e.message},
                        {"seconds", e.seconds}};
          },
          [](const event::TaskSkipped& e) {
            return json{{"event", "task_skipped"}, {"task", e.task}, {"reason", e.reason}};
          },
          [](const event::TaskInterrupted& e) {
            return json{{"event", "task_interrupted"}, {"task", e.task}};
          },
          [](const event::CancelRequested&) {
            return json{{"event", "cancel_requested"}};
          },
          [](const event::RetryRequested&) {
            return json{{"event", "retry_requested"}};
          },
          [](const event::RunCompleted& e) {
            return json{{"event", "run_completed"}, {"succeeded", e.succeeded}};
          },
      },
      what);
}

EventKind FromJson(const json& in) {
  const auto kind = in.at("event").get<std::string>();
  const auto task = [&] { return in.at("task").get<TaskIndex>(); };
  if (kind == "run_created") return event::RunCreated{in.at("settings")};
  if (kind == "task_opened") return event::TaskOpened{task(), in.at("iterations").get<int32_t>()};
  if (kind == "task_launched")
    return event::TaskLaunched{
        task(), in.at("attempt").get<int>(), 0, in.value("note", ""), in.value("node", ""), PartsOf(in)};
  if (kind == "task_succeeded")
    return event::TaskSucceeded{task(),
                                in.at("execution_id").get<int64_t>(),
                                in.value("cached", false),
                                in.value("seconds", 0.0),
                                in.value("refusal", ""),
                                in.value("note", ""),
                                in.value("node", ""),
                                PartsOf(in)};
  if (kind == "task_failed")
    return event::TaskFailed{task(), static_cast<StatusCode>(in.at("code").get<int>()),
                             in.at("message").get<std::string>(), in.at("seconds").get<double>()};
  if (kind == "task_skipped") return event::TaskSkipped{task(), in.at("reason").get<std::string>()};
  if (kind == "task_interrupted") return event::TaskInterrupted{task()};
  if (kind == "cancel_requested") return event::CancelRequested{};
  if (kind == "retry_requested") return event::RetryRequested{};
  if (kind == "run_completed") return event::RunCompleted{in.at("succeeded").get<bool>()};
  throw json::other_error::create(501, "unknown event " + kind, nullptr);
}

}  // namespace

std::string EncodeEvent(const RunEvent& event) {
  json out = ToJson(event.what);
  out["time"] = event.time.micros;
  // A message may quote damaged input: replace what is not UTF-8 rather than fail.
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<RunEvent> DecodeEvent(std::string_view text) {
  try {
    const json in = json::parse(text);
    return RunEvent{{in.at("time").get<int64_t>()}, FromJson(in)};
  } catch (const json::exception& error) {
    return DataLoss("The run's history holds an event that cannot be read ({}): {}", error.what(),
                    text.substr(0, 200));
  }
}

}  // namespace penstock::runtime
