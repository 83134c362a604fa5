#pragma once

#include <memory>
#include <string>
#include <thread>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"

namespace penstock::metadata {

/// Of several servers on one database the one that runs its pipelines. It leads as long as its session to the
/// database lasts: the server of the database notices a process that was killed at once, and a machine that
/// went away within ten seconds. On a file there is always one: its root's lock sees to that.
class Leadership {
 public:
  /// Waits until this process leads. kCancelled: the wait was cancelled.
  static Result<std::unique_ptr<Leadership>> Await(const std::string& place,
                                                   const CancellationToken& cancellation);
  Leadership(const Leadership&) = delete;
  Leadership& operator=(const Leadership&) = delete;
  ~Leadership();

  /// Cancels `token`, once, when the lead is lost: what runs must stop, another has taken over or will.
  void CancelWhenLost(CancellationToken& token);

 private:
  class State;
  explicit Leadership(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  std::thread watcher_;
};

}  // namespace penstock::metadata
