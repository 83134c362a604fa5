// Measures `penstock metadata serve` from outside, as a gRPC client. Use a fresh store.
//   penstock_metadata_load 127.0.0.1:8080 [SECONDS per figure, 3]
// Prints one line of JSON a figure; ends with 1 when a call fails: a figure of failing calls means nothing.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "ml_metadata/proto/metadata_store.pb.h"
#include "ml_metadata/proto/metadata_store_service.pb.h"

namespace {

using SteadyClock = std::chrono::steady_clock;

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

/// One client: a connection of its own, one call at a time.
class Client {
 public:
  explicit Client(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    channel_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }

  template <class Response, class Request>
  Response Call(const std::string& method, const Request& request) {
    const std::string path = "/ml_metadata.MetadataStoreService/" + method;
    const grpc::internal::RpcMethod rpc(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::ClientContext context;
    Response response;
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall<Request, Response, google::protobuf::MessageLite,
                                          google::protobuf::MessageLite>(channel_.get(), rpc, &context,
                                                                         request, &response);
    if (!status.ok()) {
      fmt::print(stderr, "{}: {}\n", method, status.error_message());
      std::_Exit(1);
    }
    return response;
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

struct Types {
  int64_t artifact = 0, execution = 0;
};

Types PutTypes(Client& client) {
  ml_metadata::PutTypesRequest request;
  auto& artifact = *request.add_artifact_types();
  artifact.set_name("Examples");
  (*artifact.mutable_properties())["span"] = ml_metadata::INT;
  request.add_execution_types()->set_name("Trainer");
  const auto response = client.Call<ml_metadata::PutTypesResponse>("PutTypes", request);
  return {response.artifact_type_ids(0), response.execution_type_ids(0)};
}

void AddArtifact(const Types& types, const std::string& name, ml_metadata::PutArtifactsRequest& request) {
  auto& artifact = *request.add_artifacts();
  artifact.set_type_id(types.artifact);
  artifact.set_name(name);
  artifact.set_uri("/data/" + name);
  artifact.set_state(ml_metadata::Artifact::LIVE);
  (*artifact.mutable_properties())["span"].set_int_value(7);
}

/// Runs `call(client, thread, i)` from that many clients at once for so long; answers calls a second, and
/// prints them with the median and 99th percentile of a call.
template <class Call>
void Measure(const std::string& what, const std::string& address, int num_clients, double seconds,
             int num_each, const Call& call) {
  std::vector<std::vector<double>> times(static_cast<size_t>(num_clients));
  std::vector<std::thread> threads;
  const auto start = SteadyClock::now();
  for (int thread = 0; thread < num_clients; ++thread) {
    threads.emplace_back([&, thread] {
      Client client(address);
      for (int i = 0; SecondsSince(start) < seconds; ++i) {
        const auto before = SteadyClock::now();
        call(client, thread, i);
        times[static_cast<size_t>(thread)].push_back(SecondsSince(before));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double elapsed = SecondsSince(start);
  std::vector<double> all;
  for (const auto& each : times) all.insert(all.end(), each.begin(), each.end());
  std::sort(all.begin(), all.end());
  fmt::print(
      "{{\"what\": \"{}\", \"clients\": {}, \"per_second\": {:.0f}, \"median_millis\": {:.3f}, "
      "\"p99_millis\": {:.3f}}}\n",
      what, num_clients, static_cast<double>(all.size()) * num_each / elapsed, all[all.size() / 2] * 1e3,
      all[all.size() * 99 / 100] * 1e3);
  std::fflush(stdout);
}

/// A wide graph of 10,000 nodes, 100 hops deep at most: `width` chains side by side from one artifact.
void PutFan(Client& client, const Types& types, int width, int depth) {
  ml_metadata::PutLineageSubgraphRequest request;
  auto& root = *request.add_artifacts();
  root.set_type_id(types.artifact);
  root.set_name("root");
  for (int chain = 0; chain < width; ++chain) {
    int before = 0;
    for (int step = 0; step < depth; ++step) {
      const int execution = request.executions_size(), artifact = request.artifacts_size();
      request.add_executions()->set_type_id(types.execution);
      request.add_artifacts()->set_type_id(types.artifact);
      auto& input = *request.add_event_edges();
      input.set_execution_index(execution);
      input.set_artifact_index(before);
      input.mutable_event()->set_type(ml_metadata::Event::INPUT);
      auto& output = *request.add_event_edges();
      output.set_execution_index(execution);
      output.set_artifact_index(artifact);
      output.mutable_event()->set_type(ml_metadata::Event::OUTPUT);
      before = artifact;
    }
  }
  client.Call<ml_metadata::PutLineageSubgraphResponse>("PutLineageSubgraph", request);
}

void MeasureLineage(const std::string& what, const std::string& address, double seconds,
                    const std::string& start) {
  ml_metadata::GetLineageSubgraphRequest request;
  auto& options = *request.mutable_lineage_subgraph_query_options();
  options.mutable_starting_artifacts()->set_filter_query("name = '" + start + "'");
  options.set_direction(ml_metadata::LineageSubgraphQueryOptions::BIDIRECTIONAL);
  Measure(what, address, 1, seconds, 1, [&](Client& client, int, int) {
    const auto response = client.Call<ml_metadata::GetLineageSubgraphResponse>("GetLineageSubgraph", request);
    const int num_nodes =
        response.lineage_subgraph().artifacts_size() + response.lineage_subgraph().executions_size();
    if (num_nodes < 10'000) {
      fmt::print(stderr, "The subgraph has only {} nodes\n", num_nodes);
      std::_Exit(1);
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: {} HOST:PORT [SECONDS]\n", argv[0]);
    return 2;
  }
  const std::string address = argv[1];
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  Client client(address);
  const Types types = PutTypes(client);
  const auto put_one = [&](Client& caller, int thread, int i, int round) {
    ml_metadata::PutArtifactsRequest request;
    AddArtifact(types, fmt::format("{}-{}-{}", round, thread, i), request);
    caller.Call<ml_metadata::PutArtifactsResponse>("PutArtifacts", request);
  };
  for (const int num_clients : {1, 16, 64}) {
    Measure("single durable writes", address, num_clients, seconds, 1,
            [&](Client& caller, int thread, int i) { put_one(caller, thread, i, num_clients); });
  }
  constexpr int kBatch = 1000;
  Measure("artifacts in batched puts of 1,000", address, 1, seconds, kBatch,
          [&](Client& caller, int thread, int i) {
            ml_metadata::PutArtifactsRequest request;
            for (int j = 0; j < kBatch; ++j)
              AddArtifact(types, fmt::format("batch-{}-{}-{}", thread, i, j), request);
            caller.Call<ml_metadata::PutArtifactsResponse>("PutArtifacts", request);
          });
  for (const int num_clients : {1, 16}) {
    Measure("get by id", address, num_clients, seconds, 1, [&](Client& caller, int, int i) {
      ml_metadata::GetArtifactsByIDRequest request;
      request.add_artifact_ids(1 + i % 500);
      caller.Call<ml_metadata::GetArtifactsByIDResponse>("GetArtifactsByID", request);
    });
  }
  Measure("get by type and name", address, 1, seconds, 1, [&](Client& caller, int, int i) {
    ml_metadata::GetArtifactByTypeAndNameRequest request;
    request.set_type_name("Examples");
    request.set_artifact_name(fmt::format("1-0-{}", i % 100));
    caller.Call<ml_metadata::GetArtifactByTypeAndNameResponse>("GetArtifactByTypeAndName", request);
  });
  PutFan(client, types, 105, 48);
  MeasureLineage("lineage of 10,081 nodes, 96 hops deep", address, seconds, "root");
  return 0;
}
