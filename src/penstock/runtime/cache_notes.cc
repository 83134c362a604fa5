#include "penstock/runtime/cache_notes.h"

#include "penstock/runtime/run_event.h"

namespace penstock::runtime {

void CacheNotes::Remember(const std::string& pipeline, const std::string& path, const std::string& run_id,
                          const KeyParts& parts) {
  std::lock_guard lock(mutex_);
  latest_[{pipeline, path}] = {run_id, parts};
}

void CacheNotes::Load(const std::string& pipeline, const std::string& except_run) {
  constexpr int kNumRuns = 5;
  if (!loaded_.insert(pipeline).second) return;
  const auto runs = store_.FindRuns({.pipeline_name = pipeline, .limit = kNumRuns});
  if (!runs.ok()) return;
  for (const auto& run : *runs) {
    if (run.run_id == except_run) continue;
    const auto lines = store_.ReadRunEvents(run.run_id);
    if (!lines.ok()) continue;
    for (const auto& line : *lines) {
      if (line.find("\"parts\"") == line.npos) continue;
      const auto event = DecodeEvent(line);
      if (!event.ok()) continue;
      // Newest run first, and within a run the latest attempt's is as good as the first's.
      const auto* launched = std::get_if<event::TaskLaunched>(&event->what);
      const auto* done = std::get_if<event::TaskSucceeded>(&event->what);
      if (launched != nullptr)
        latest_.try_emplace({pipeline, launched->path}, Note{run.run_id, launched->parts});
      if (done != nullptr) latest_.try_emplace({pipeline, done->path}, Note{run.run_id, done->parts});
    }
  }
}

std::string CacheNotes::Explain(const std::string& pipeline, const std::string& path,
                                const std::string& run_id, const KeyParts& parts) {
  std::lock_guard lock(mutex_);
  Load(pipeline, run_id);
  const auto note = latest_.find({pipeline, path});
  if (note == latest_.end()) return "it has not run before";
  const std::string difference = ExplainDifference(note->second.parts, parts);
  const std::string where = fmt::format("run {}", note->second.run_id.substr(0, 8));
  if (difference.empty())
    return fmt::format("nothing differs from {}, but that did not succeed or its outputs are gone", where);
  return fmt::format("{} ({})", difference, where);
}

}  // namespace penstock::runtime
