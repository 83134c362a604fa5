#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "penstock/base/status.h"
#include "penstock/server/grpc/unary_service.h"

namespace penstock::server {

struct GrpcHostOptions {
  std::string host = "127.0.0.1";
  int port = 0;  ///< 0: a free one.
  int max_request_bytes = 256 << 20;
};

/// A running gRPC server with the standard health service beside what it serves. Destroying it stops it at
/// once.
class GrpcHost {
 public:
  virtual ~GrpcHost() = default;
  virtual int port() const = 0;
  /// Takes no more calls and waits, at most so long, for those that run; the rest are cancelled.
  virtual void Drain(int64_t timeout_millis) = 0;
};

/// Starts a server in front of `service`, which must outlive it. gRPC itself stands in a plug-in that is
/// loaded here (out of PENSTOCK_PLUGIN_DIR, or ../lib/penstock beside the program): the program starts
/// without it. kFailedPrecondition: the plug-in is not there or does not load. kUnavailable: the port is
/// taken.
Result<std::unique_ptr<GrpcHost>> StartGrpcHost(const GrpcHostOptions& options, UnaryService& service);

inline constexpr char kGrpcHostLibrary[] = "libpenstock_grpc_host.so";
/// The plug-in's one function; null and `error` where the server does not start. The number is raised when
/// the interfaces above change.
inline constexpr char kStartGrpcHostSymbol[] = "penstock_start_grpc_host_1";
using StartGrpcHostFunction = GrpcHost* (*)(const GrpcHostOptions& options, UnaryService& service,
                                            std::string& error);

}  // namespace penstock::server
