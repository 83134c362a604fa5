#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace penstock::metadata {

/// Forks; runs `work` in the child and ends it with the answer as exit code, without
/// destructors or GoogleTest's own ending. The child must start no thread of the parent's.
pid_t StartChild(const std::function<int()>& work);

/// Waits for the child: its exit code, or minus the signal that ended it.
int WaitForChild(pid_t child);

/// Exit code of a child that could not set up its conditions (a mount, another user).
inline constexpr int kCannotSetUp = 77;

/// A new empty folder that every user may enter.
std::string NewFolder();

/// What PRAGMA integrity_check says of the SQLite file: "ok".
std::string IntegrityOf(const std::string& path);

}  // namespace penstock::metadata
