#pragma once

#include <map>
#include <mutex>
#include <string>

#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/run_engine.h"

namespace penstock::apps {

/// A run on a terminal: one line per node that ends, below them a line that moves while
/// nodes run. Without a terminal only the former. To standard error.
class ProgressView : public runtime::EngineObserver {
 public:
  ProgressView(const pipeline::PipelineView& pipeline, const Clock& clock, bool is_quiet);
  ~ProgressView() override;

  void OnRunChanged(const runtime::RunSnapshot& run, bool is_resumed) override;
  void OnTaskChanged(const std::string& run_id, const runtime::TaskSnapshot& task) override;
  void OnProgress(const std::string& run_id, const std::string& path, double fraction,
                  const std::string& message) override;

 private:
  struct Running {
    double fraction = 0;
    std::string message;
  };
  void PrintLine(const std::string& line);
  void DrawStatus();
  void ClearStatus();

  // Constant after construction.
  const Clock& clock_;
  const bool is_quiet_;
  const bool is_terminal_;
  const size_t num_nodes_;
  size_t width_ = 0;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, Running> running_;
  size_t num_done_ = 0;  ///< Of the pipeline's own tasks.
  Timestamp last_draw_;
  bool is_drawn_ = false;
};

}  // namespace penstock::apps
