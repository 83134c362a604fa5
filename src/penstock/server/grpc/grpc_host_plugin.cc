// The only file that knows gRPC. Its headers are heavy and its library slow to load: see grpc_host.h.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "penstock/server/grpc/grpc_host.h"

namespace penstock::server {
namespace {

// A status travels in the trailers, at most 8 KiB of them, where most bytes beyond ASCII take three.
constexpr size_t kMaxEncodedMessageBytes = 6000;

std::string Shorten(std::string message) {
  size_t num_encoded = 0;
  for (size_t i = 0; i < message.size(); ++i) {
    const auto byte = static_cast<unsigned char>(message[i]);
    num_encoded += byte < 0x20 || byte > 0x7e || byte == '%' ? 3 : 1;
    if (num_encoded <= kMaxEncodedMessageBytes) continue;
    while (i > 0 && (static_cast<unsigned char>(message[i]) & 0xC0) == 0x80) --i;
    message.resize(i);
    return message + " ...";
  }
  return message;
}

grpc::Status ToGrpc(const Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), Shorten(std::string(status.message()))};
}

grpc::ByteBuffer ToBuffer(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* data) { delete static_cast<std::string*>(data); }, owned);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

/// One call: reads the request, hands it on, writes the answer. Deletes itself when gRPC is done with it.
class CallReactor : public grpc::ServerGenericBidiReactor {
 public:
  CallReactor(UnaryService& service, std::string path) : service_(service), path_(std::move(path)) {
    StartRead(&request_);
  }

  void OnReadDone(bool is_ok) override {
    if (!is_ok) return Finish({grpc::StatusCode::INVALID_ARGUMENT, "The call has no request"});
    service_.Call(path_, ToBytes(request_), [this](Result<std::string> response) {
      if (!response.ok()) return Finish(ToGrpc(response.status()));
      response_ = ToBuffer(*std::move(response));
      StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
    });
  }
  void OnDone() override { delete this; }

 private:
  UnaryService& service_;
  const std::string path_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

class GenericService : public grpc::CallbackGenericService {
 public:
  explicit GenericService(UnaryService& service) : service_(service) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new CallReactor(service_, context->method());
  }

 private:
  UnaryService& service_;
};

class CallbackHost : public GrpcHost {
 public:
  explicit CallbackHost(UnaryService& service) : service_(service) {}
  ~CallbackHost() override { Drain(0); }

  bool Start(const GrpcHostOptions& options, std::string& error) {
    // What goes wrong is answered in `error`; gRPC would tell it once more, in its own way.
    setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    const std::string host =
        options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]";
    const std::string address = host + ":" + std::to_string(options.port);
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(options.max_request_bytes);
    builder.SetMaxSendMessageSize(-1);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ != nullptr && port_ != 0) return true;
    error = "Cannot listen on " + address + ": the port is taken, or the address is not this machine's";
    return false;
  }

  int port() const override { return port_; }

  void Drain(int64_t timeout_millis) override {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_millis));
    server_->Wait();
    server_.reset();
  }

 private:
  GenericService service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) GrpcHost* penstock_start_grpc_host_1(
    const GrpcHostOptions& options, UnaryService& service, std::string& error) {
  auto host = std::make_unique<CallbackHost>(service);
  return host->Start(options, error) ? host.release() : nullptr;
}

static_assert(std::is_convertible_v<decltype(&penstock_start_grpc_host_1), StartGrpcHostFunction>);

}  // namespace penstock::server
