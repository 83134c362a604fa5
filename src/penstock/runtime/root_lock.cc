#include "penstock/runtime/root_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "penstock/base/filesystem.h"

namespace penstock::runtime {

Result<std::unique_ptr<RootLock>> RootLock::Take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return PermissionDenied("Cannot write {}: {}", path, std::generic_category().message(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return FailedPrecondition("Another penstock runs a pipeline below {}: wait for it, or use another --root",
                              fs::DirName(path));
  }
  return std::unique_ptr<RootLock>(new RootLock(fd));
}

RootLock::~RootLock() { ::close(fd_); }

}  // namespace penstock::runtime
