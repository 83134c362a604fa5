#include "penstock/apps/progress_view.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace penstock::apps {
namespace {

using runtime::RuntimeState;
using runtime::TaskKind;

std::string Bar(double fraction) {
  constexpr int kWidth = 16;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kWidth);
  return fmt::format("[{:#<{}}{: <{}}]", "", filled, "", kWidth - filled);
}

}  // namespace

ProgressView::ProgressView(const pipeline::PipelineView& pipeline, const Clock& clock, bool is_quiet)
    : clock_(clock), is_quiet_(is_quiet), is_terminal_(::isatty(2) == 1), num_nodes_(pipeline.tasks.size()) {
  for (const auto& task : pipeline.tasks) width_ = std::max(width_, task.id.size());
}

ProgressView::~ProgressView() { ClearStatus(); }

void ProgressView::OnRunChanged(const runtime::RunSnapshot& run, bool is_resumed) {
  std::lock_guard lock(mutex_);
  if (run.state == RuntimeState::kCanceling) PrintLine("  stopping");
  if (run.state != RuntimeState::kRunning) return;
  PrintLine(fmt::format("run {}{}", run.run_id.substr(0, 8),
                        is_resumed ? " goes on where it was interrupted" : ""));
}

void ProgressView::OnTaskChanged(const std::string&, const runtime::TaskSnapshot& task) {
  std::lock_guard lock(mutex_);
  const bool is_leaf =
      task.kind != TaskKind::kRoot && task.kind != TaskKind::kDag && task.kind != TaskKind::kLoop;
  if (task.kind == TaskKind::kRoot || task.iteration_index >= 0) return;
  const bool is_top = task.parent_index == 0;
  if (runtime::IsFinal(task.state) && is_top) ++num_done_;
  if (is_leaf && task.state == RuntimeState::kRunning) running_[task.path] = {};
  if (task.state != RuntimeState::kRunning) running_.erase(task.path);
  const std::string message(task.error.message());
  std::string how;
  if (task.state == RuntimeState::kSucceeded) {
    how = task.is_cached ? "cached" : is_leaf ? fmt::format("{:.2f} s", task.seconds) : "done";
    if (!task.refusal.empty()) how += "  refused: " + task.refusal;
  } else if (task.state == RuntimeState::kFailed) {
    how = "failed: " + message;
  } else if (task.state == RuntimeState::kPending && task.num_attempts > 0 && !task.error.ok()) {
    how = "failed, to be tried again: " + message;
  } else if (task.state == RuntimeState::kSkipped) {
    how = "skipped: " + message;
  }
  // Iterations come in thousands: of what lies below the pipeline's own tasks only failures are told.
  if (!how.empty() && (is_top || task.state == RuntimeState::kFailed))
    PrintLine(fmt::format("  {:<{}}  {}", task.path, width_, how));
  DrawStatus();
}

void ProgressView::OnProgress(const std::string&, const std::string& path, double fraction,
                              const std::string& message) {
  constexpr int64_t kRedrawMicros = 50'000;
  std::lock_guard lock(mutex_);
  running_[path] = {fraction, message};
  const Timestamp now = clock_.Now();
  if (now.micros - last_draw_.micros < kRedrawMicros) return;
  last_draw_ = now;
  DrawStatus();
}

void ProgressView::PrintLine(const std::string& line) {
  if (is_quiet_) return;
  ClearStatus();
  fmt::print(stderr, "{}\n", line);
}

void ProgressView::DrawStatus() {
  if (is_quiet_ || !is_terminal_ || running_.empty()) return;
  std::string text = fmt::format("  {}/{}", num_done_, num_nodes_);
  for (const auto& [node, running] : running_) {
    text += "  " + node;
    if (running.fraction > 0)
      text += fmt::format(" {} {:.0f}% {}", Bar(running.fraction), running.fraction * 100, running.message);
  }
  constexpr size_t kMaxWidth = 100;  // One line on any terminal, or the cursor could not go back.
  if (text.size() > kMaxWidth) text.resize(kMaxWidth);
  fmt::print(stderr, "\r\x1b[2K{}", text);
  std::fflush(stderr);
  is_drawn_ = true;
}

void ProgressView::ClearStatus() {
  if (!is_drawn_) return;
  fmt::print(stderr, "\r\x1b[2K");
  std::fflush(stderr);
  is_drawn_ = false;
}

}  // namespace penstock::apps
