#pragma once

#include <memory>
#include <string>

#include "penstock/base/status.h"

namespace penstock::runtime {

/// Held by whoever runs something below a root; the kernel lets go of it when its process dies.
class RootLock {
 public:
  /// kFailedPrecondition: another process has it.
  static Result<std::unique_ptr<RootLock>> Take(const std::string& path);
  ~RootLock();
  RootLock(const RootLock&) = delete;
  RootLock& operator=(const RootLock&) = delete;

 private:
  explicit RootLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace penstock::runtime
