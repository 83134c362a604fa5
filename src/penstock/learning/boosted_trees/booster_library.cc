#include "penstock/learning/boosted_trees/booster_library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "penstock/base/filesystem.h"

namespace penstock::learning {

std::string BoosterLibrary::DefaultFolder() {
  if (const char* folder = std::getenv("PENSTOCK_PLUGIN_DIR"); folder != nullptr && *folder != '\0')
    return folder;
  char program[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof(program));
  if (length <= 0) return "../lib/penstock";
  return fs::Join(fs::DirName(fs::DirName(std::string_view(program, length))), "lib/penstock");
}

Result<BoosterLibrary> BoosterLibrary::Load(const std::string& folder) {
  const std::string path = fs::Join(folder, kBoosterLibraryName);
  if (access(path.c_str(), R_OK) != 0) {
    return FailedPrecondition(
        "The plug-in for boosted trees is not installed: there is no {} (set PENSTOCK_PLUGIN_DIR to the "
        "folder of {})",
        path, kBoosterLibraryName);
  }
  // OpenMP's threads outlive a training: the library must never be unmapped under them.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return FailedPrecondition(
        "The plug-in for boosted trees does not load; it needs XGBoost, Debian's package libxgboost0 "
        "(apt-get install "
        "libxgboost0): {}",
        dlerror());
  }
  void* symbol = dlsym(library, kMakeBoosterSymbol);
  if (symbol == nullptr) {
    return FailedPrecondition("The plug-in {} is of another release of penstock: it has no {}", path,
                              kMakeBoosterSymbol);
  }
  return BoosterLibrary(reinterpret_cast<MakeBoosterFunction>(symbol));
}

Result<std::unique_ptr<Booster>> BoosterLibrary::Make(const BoosterParameters& parameters,
                                                      const BoosterMatrix& train, const BoosterMatrix& eval,
                                                      int num_threads) const {
  std::string error;
  std::unique_ptr<Booster> booster(make_(parameters, train, eval, num_threads, error));
  if (booster == nullptr) return Internal("XGBoost refuses to start: {}", error);
  return booster;
}

}  // namespace penstock::learning
