#include "penstock/server/pipelines_server.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "penstock/base/filesystem.h"
#include "penstock/base/logging.h"
#include "penstock/server/dispatch.h"
#include "penstock/server/event_hub.h"
#include "penstock/server/metrics.h"
#include "penstock/server/recurrence.h"
#include "penstock/server/router.h"
#include "penstock/server/run_dispatcher.h"
#include "penstock/server/service.h"

namespace penstock::server {
namespace {

constexpr int64_t kDrainMillis = 5000;
constexpr auto kTick = std::chrono::milliseconds(500);

class Server : public PipelinesServer {
 public:
  Server(const PipelinesServerOptions& options, metadata::MetadataStore& store,
         metadata::ServiceStore& service_store, const Clock& clock)
      : options_(options),
        clock_(clock),
        dispatcher_(service_store, events_, metrics_, clock),
        access_(options.access, clock, options.identities),
        service_{
            service_store,
            store,
            dispatcher_,
            clock,
            events_,
            metrics_,
            {options.root, options.time_zone, options.access != nullptr || options.identities != nullptr}} {}
  ~Server() override { Stop(); }

  Status Start(const pipeline::ComponentCatalog& components, metadata::MetadataStore& store,
               runtime::TaskBackend& backend) {
    AddExperimentRoutes(router_, service_);
    AddPipelineRoutes(router_, service_);
    AddUploadRoutes(router_, service_);
    AddRunRoutes(router_, service_);
    AddRunContentRoutes(router_, service_);
    AddArtifactRoutes(router_, service_);
    AddRecurringRunRoutes(router_, service_);
    AddSystemRoutes(router_, service_);
    PENSTOCK_RETURN_IF_ERROR(DefaultExperiment(service_, "").status());
    PENSTOCK_ASSIGN_OR_RETURN(audit_, AuditLog::Open(fs::Join(options_.root, "audit.log"), options_.audit));
    PENSTOCK_ASSIGN_OR_RETURN(
        engine_, runtime::RunEngine::Open(options_.engine, components, store, backend, clock_, &dispatcher_));
    if (!options_.trace_endpoint.empty()) {
      traces_ = std::make_unique<TraceExporter>(options_.trace_endpoint, [this](const std::string& run_id) {
        return dispatcher_.Snapshot(run_id, /*with_values=*/false);
      });
      dispatcher_.SendTracesTo(traces_.get());
    }
    PENSTOCK_RETURN_IF_ERROR(dispatcher_.Begin(*engine_));
    PENSTOCK_ASSIGN_OR_RETURN(
        http_, HttpServer::Start(options_.http, [this](const HttpRequest& request) {
          return Dispatch(router_, Gate{access_, audit_.get(), metrics_, clock_}, request);
        }));
    ticker_ = std::thread([this] { Tick(); });
    return OkStatus();
  }

  std::string url() const override {
    const char* scheme = options_.http.certificate_path.empty() ? "http" : "https";
    const std::string& host = options_.http.host;
    const bool is_v6 = host.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}", scheme, is_v6 ? "[" : "", host, is_v6 ? "]" : "", http_->port());
  }

  void Stop() override {
    if (http_ != nullptr) http_->Stop(kDrainMillis);
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    if (ticker_.joinable()) ticker_.join();
    dispatcher_.Stop();
    traces_.reset();
    engine_.reset();
  }

 private:
  void Tick() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
      lock.unlock();
      const auto started = StartDueRuns(service_);
      if (!started.ok()) logging::Error("cannot look for due runs", {{"error", started.status().message()}});
      lock.lock();
      changed_.wait_for(lock, kTick, [this] { return is_stopping_; });
    }
  }

  const PipelinesServerOptions options_;
  const Clock& clock_;
  EventHub events_;
  Metrics metrics_;
  RunDispatcher dispatcher_;
  AccessControl access_;
  std::unique_ptr<AuditLog> audit_;
  Service service_;
  Router router_;
  std::unique_ptr<runtime::RunEngine> engine_;
  std::unique_ptr<TraceExporter> traces_;
  std::unique_ptr<HttpServer> http_;
  std::thread ticker_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;  // Guarded by mutex_.
};

}  // namespace

Result<std::unique_ptr<PipelinesServer>> PipelinesServer::Start(const PipelinesServerOptions& options,
                                                                const pipeline::ComponentCatalog& components,
                                                                metadata::MetadataStore& store,
                                                                metadata::ServiceStore& service_store,
                                                                runtime::TaskBackend& backend,
                                                                const Clock& clock) {
  auto server = std::make_unique<Server>(options, store, service_store, clock);
  PENSTOCK_RETURN_IF_ERROR(server->Start(components, store, backend));
  return server;
}

}  // namespace penstock::server
