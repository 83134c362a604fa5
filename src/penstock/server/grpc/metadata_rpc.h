#pragma once

#include "penstock/metadata/mlmd/metadata_service.h"
#include "penstock/server/grpc/unary_service.h"

namespace penstock::server {

/// ml_metadata.MetadataStoreService at a gRPC server. `metadata` must outlive it.
class MetadataRpc : public UnaryService {
 public:
  explicit MetadataRpc(metadata::mlmd::MetadataService& metadata) : metadata_(metadata) {}
  void Call(std::string_view path, std::string request, Done done) override;

 private:
  metadata::mlmd::MetadataService& metadata_;
};

}  // namespace penstock::server
