#include "penstock/server/grpc/metadata_rpc.h"

namespace penstock::server {
namespace {

constexpr std::string_view kService = "/ml_metadata.MetadataStoreService/";

}  // namespace

void MetadataRpc::Call(std::string_view path, std::string request, Done done) {
  if (!path.starts_with(kService)) return done(Unimplemented("This server has no method {}", path));
  metadata_.Call(path.substr(kService.size()), std::move(request), std::move(done));
}

}  // namespace penstock::server
