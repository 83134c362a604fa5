#include "penstock/server/grpc/grpc_host.h"

#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "penstock/base/filesystem.h"

namespace penstock::server {
namespace {

std::string PluginFolder() {
  if (const char* folder = std::getenv("PENSTOCK_PLUGIN_DIR"); folder != nullptr && *folder != '\0')
    return folder;
  char program[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof(program));
  if (length <= 0) return "../lib/penstock";
  const std::string_view path(program, static_cast<size_t>(length));
  return fs::Join(fs::DirName(fs::DirName(path)), "lib/penstock");
}

Result<StartGrpcHostFunction> LoadPlugin() {
  const std::string path = fs::Join(PluginFolder(), kGrpcHostLibrary);
  if (access(path.c_str(), R_OK) != 0) {
    return FailedPrecondition(
        "The plug-in for gRPC is not installed: there is no {} (set PENSTOCK_PLUGIN_DIR to the folder of {})",
        path, kGrpcHostLibrary);
  }
  // gRPC's threads outlive a server: the library must never be unmapped under them.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return FailedPrecondition(
        "The plug-in for gRPC does not load; it needs Debian's package libgrpc++1.51 (apt-get install "
        "libgrpc++1.51): {}",
        dlerror());
  }
  void* symbol = dlsym(library, kStartGrpcHostSymbol);
  if (symbol == nullptr) {
    return FailedPrecondition("The plug-in {} is of another release of penstock: it has no {}", path,
                              kStartGrpcHostSymbol);
  }
  return reinterpret_cast<StartGrpcHostFunction>(symbol);
}

}  // namespace

Result<std::unique_ptr<GrpcHost>> StartGrpcHost(const GrpcHostOptions& options, UnaryService& service) {
  PENSTOCK_ASSIGN_OR_RETURN(const StartGrpcHostFunction start, LoadPlugin());
  std::string error;
  std::unique_ptr<GrpcHost> host(start(options, service, error));
  if (host == nullptr) return Unavailable("{}", error);
  return host;
}

}  // namespace penstock::server
