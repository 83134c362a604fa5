#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "penstock/apps/command.h"
#include "penstock/base/status.h"

namespace penstock::apps {

/// Where a client command finds its server, and how it answers.
struct ClientOptions {
  std::string host;   ///< "http://127.0.0.1:8888"; empty where a command works on a local root.
  std::string token;  ///< Bearer token; empty: none.
  std::string trusted_certificates;
  bool as_json = false;
};

/// Adds --host, --token, --ca and --json. `is_required`: --host has a default.
void AddClientOptions(CLI::App* command, ClientOptions& options, bool is_required = true);

/// Kubeflow Pipelines' v2beta1 API as a client: of ours, or of any other. Errors carry the server's code and
/// message.
class ServiceClient {
 public:
  explicit ServiceClient(const ClientOptions& options) : options_(options) {}

  /// `path` behind /apis/v2beta1: "/runs?page_size=5".
  Result<nlohmann::json> Get(const std::string& path) const;
  Result<nlohmann::json> Post(const std::string& path, const nlohmann::json& body) const;
  Status Delete(const std::string& path) const;
  Result<nlohmann::json> Upload(const std::string& path, const std::string& file_name,
                                const std::string& content) const;
  /// The body as it comes.
  Status Stream(const std::string& path, const std::function<bool(std::string_view)>& on_data) const;
  /// All pages of a list, at most `limit` entries.
  Result<nlohmann::json> List(const std::string& path, const char* field, int limit) const;
  /// The id of the one that has this id or name: of "pipelines" ("pipeline_id"), "experiments", ...
  Result<std::string> Resolve(const std::string& kind, const std::string& list_field,
                              const std::string& id_field, const std::string& id_or_name) const;

 private:
  Result<nlohmann::json> Call(const std::string& method, const std::string& path, const std::string& body,
                              const std::string& content_type) const;
  std::string Url(const std::string& path) const;

  const ClientOptions& options_;
};

/// Prints rows of fields, each column as wide as its widest, or as JSON.
struct TableColumn {
  const char* title;
  const char* field;
};
void PrintTable(const nlohmann::json& rows, const std::vector<TableColumn>& columns, bool as_json);

/// "name=5" for the API: by the types of the pipeline's parameters. kInvalidArgument: no such parameter.
Result<nlohmann::json> ReadParameters(const nlohmann::json& pipeline_spec,
                                      const std::vector<std::string>& texts);

}  // namespace penstock::apps
