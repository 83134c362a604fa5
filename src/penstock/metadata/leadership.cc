#include "penstock/metadata/leadership.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "penstock/base/logging.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata {
namespace {

constexpr auto kAskAgain = std::chrono::milliseconds(500);
constexpr auto kLookAgain = std::chrono::seconds(2);

}  // namespace

class Leadership::State {
 public:
  explicit State(std::unique_ptr<database::Connection> connection) : connection_(std::move(connection)) {}

  /// False where another leads, or the database is away.
  bool Ask() {
    const auto leads = connection_->driver().TakeLead();
    if (!leads.ok())
      logging::Warning("cannot ask who leads", {{"error", std::string(leads.status().message())}});
    return leads.ok() && *leads;
  }
  /// True: `Stop` was called meanwhile.
  bool Wait(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, duration, [this] { return is_stopping_; });
  }
  void Stop() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }

 private:
  const std::unique_ptr<database::Connection> connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;  // Guarded by mutex_.
};

Leadership::Leadership(std::unique_ptr<State> state) : state_(std::move(state)) {}

Leadership::~Leadership() {
  state_->Stop();
  if (watcher_.joinable()) watcher_.join();
}

Result<std::unique_ptr<Leadership>> Leadership::Await(const std::string& place,
                                                      const CancellationToken& cancellation) {
  PENSTOCK_ASSIGN_OR_RETURN(auto connection, database::Connection::Open(place));
  auto state = std::make_unique<State>(std::move(connection));
  for (bool is_first = true; !state->Ask(); is_first = false) {
    if (is_first) logging::Warning("another server leads on this database: waiting to take over", {});
    if (cancellation.IsCancelled()) return Cancelled("Cancelled while another server led");
    state->Wait(kAskAgain);
  }
  return std::unique_ptr<Leadership>(new Leadership(std::move(state)));
}

void Leadership::CancelWhenLost(CancellationToken& token) {
  watcher_ = std::thread([this, &token] {
    while (!state_->Wait(kLookAgain)) {
      // A database that was started again lets whoever asks first lead: once more is often us.
      if (state_->Ask() || state_->Ask()) continue;
      logging::Error("this server leads no more: it stops", {});
      token.Cancel();
      return;
    }
  });
}

}  // namespace penstock::metadata
