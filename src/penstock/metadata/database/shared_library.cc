#include "penstock/metadata/database/shared_library.h"

#include <dlfcn.h>

namespace penstock::metadata::database {

Result<SharedLibrary> SharedLibrary::Load(const std::string& file, const std::string& package) {
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle != nullptr) return SharedLibrary(handle, file);
  const char* reason = ::dlerror();
  return FailedPrecondition("The library {} for this database does not load; install Debian's package {}: {}",
                            file, package, reason == nullptr ? "" : reason);
}

Result<void*> SharedLibrary::Address(const char* name) const {
  void* address = ::dlsym(handle_, name);
  if (address == nullptr) return FailedPrecondition("The library {} has no function {}", file_, name);
  return address;
}

}  // namespace penstock::metadata::database
