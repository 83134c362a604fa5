#include "penstock/apps/progress_view.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace penstock::apps {
namespace {

namespace event = runtime::event;

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

void ProgressView::OnStart(const std::string& run_id, bool is_resumed) {
  PrintLine(
      fmt::format("run {}{}", run_id.substr(0, 8), is_resumed ? " goes on where it was interrupted" : ""));
}

void ProgressView::OnEvent(const runtime::RunEvent& event, const runtime::RunState&) {
  auto ended = [&](const std::string& node, const std::string& how) {
    running_.erase(node);
    ++num_done_;
    PrintLine(fmt::format("  {:<{}}  {}", node, width_, how));
  };
  if (const auto* launched = std::get_if<event::NodeLaunched>(&event.what)) {
    running_[launched->node] = {};
  } else if (const auto* done = std::get_if<event::NodeSucceeded>(&event.what)) {
    const std::string how = done->is_cached ? "cached" : fmt::format("{:.2f} s", done->seconds);
    ended(done->node, done->refusal.empty() ? how : fmt::format("{}  refused: {}", how, done->refusal));
  } else if (const auto* failed = std::get_if<event::NodeFailed>(&event.what)) {
    ended(failed->node, "failed: " + failed->message);
  } else if (const auto* skipped = std::get_if<event::NodeSkipped>(&event.what)) {
    ended(skipped->node, fmt::format("skipped: {} failed", skipped->cause));
  } else if (std::get_if<event::CancelRequested>(&event.what)) {
    PrintLine("  stopping");
  }
  DrawStatus();
}

void ProgressView::OnProgress(const std::string& node, double fraction, const std::string& message) {
  constexpr int64_t kRedrawMicros = 50'000;
  running_[node] = {fraction, message};
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
