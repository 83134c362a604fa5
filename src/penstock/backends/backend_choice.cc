#include "penstock/backends/backend_choice.h"

#include <cstdlib>
#include <mutex>

#include "penstock/backends/container.h"
#include "penstock/backends/local_process.h"

namespace penstock::backends {
namespace {

using runtime::TaskCommand;
using runtime::TaskOutcome;

class BackendChoice : public runtime::TaskBackend {
 public:
  explicit BackendChoice(BackendOptions options)
      : options_(std::move(options)), local_(MakeLocalProcessBackend(options_.self)) {}

  Result<TaskOutcome> Run(const TaskCommand& command, const CancellationToken& cancellation,
                          const std::function<void(double, const std::string&)>& on_progress) override {
    const std::string& place = command.place.empty() ? options_.place : command.place;
    if (place != "local" && place != "container")
      return InvalidArgument("The task wants to run in '{}'; there are 'local' and 'container'", place);
    if (command.image.empty() || place == "local") return local_->Run(command, cancellation, on_progress);
    PENSTOCK_ASSIGN_OR_RETURN(runtime::TaskBackend* const containers, Containers());
    return containers->Run(command, cancellation, on_progress);
  }

  void EndLeftovers(const std::string& owner) override {
    local_->EndLeftovers(owner);
    // Without an engine there is none of its containers.
    if (const auto containers = Containers(); containers.ok()) (*containers)->EndLeftovers(owner);
  }

  std::string IdentityOf(const std::string& place, const std::string& image,
                         const std::string& pull_policy) override {
    if ((place.empty() ? options_.place : place) != "container" || image.empty()) return image;
    const auto containers = Containers();
    return containers.ok() ? (*containers)->IdentityOf(place, image, pull_policy) : image;
  }

  Result<runtime::TaskBackend*> Containers() {
    const std::lock_guard lock(mutex_);
    if (containers_ == nullptr) {
      const char* path = std::getenv("PATH");
      PENSTOCK_ASSIGN_OR_RETURN(ContainerEngine engine,
                                FindContainerEngine(options_.container_engine, path == nullptr ? "" : path));
      engine.arguments = options_.container_arguments;
      containers_ = MakeContainerBackend(std::move(engine), *local_);
    }
    return containers_.get();
  }

 private:
  // Constant after construction.
  const BackendOptions options_;
  const std::unique_ptr<runtime::TaskBackend> local_;

  std::mutex mutex_;
  std::unique_ptr<runtime::TaskBackend> containers_;  ///< Made once; guarded by mutex_ until then.
};

}  // namespace

Result<std::unique_ptr<runtime::TaskBackend>> MakeBackend(BackendOptions options) {
  const bool needs_engine = options.place == "container";
  auto choice = std::make_unique<BackendChoice>(std::move(options));
  if (needs_engine) PENSTOCK_RETURN_IF_ERROR(choice->Containers().status());
  return std::unique_ptr<runtime::TaskBackend>(std::move(choice));
}

}  // namespace penstock::backends
