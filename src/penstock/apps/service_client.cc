#include "penstock/apps/service_client.h"

#include <algorithm>

#include "penstock/base/near_miss.h"
#include "penstock/server/http_client.h"

namespace penstock::apps {

using nlohmann::json;

namespace {

/// The status that an answer other than 200 stands for.
Status ErrorOf(const server::HttpReply& reply) {
  const json body = json::parse(reply.body, nullptr, false);
  const bool is_error = body.is_object();
  const std::string message =
      is_error && body.contains("message") && body["message"].is_string()
          ? body["message"].get<std::string>()
          : fmt::format("The server answered {}: {}", reply.status, reply.body.substr(0, 300));
  if (is_error && body.contains("code") && body["code"].is_number_integer())
    return Status(static_cast<StatusCode>(body["code"].get<int>()), message);
  return reply.status == 404  ? NotFound("{}", message)
         : reply.status < 500 ? InvalidArgument("{}", message)
                              : Unavailable("{}", message);
}

}  // namespace

void AddClientOptions(CLI::App* command, ClientOptions& options, bool is_required) {
  if (is_required) options.host = "http://127.0.0.1:8888";
  auto* host = command->add_option("--host", options.host, "The server, such as http://127.0.0.1:8888");
  // A variable must not turn a question about a local root into one to a server.
  if (is_required) host->envname("PENSTOCK_HOST")->capture_default_str();
  command->add_option("--token", options.token, "Bearer token, where the server wants one")
      ->envname("PENSTOCK_TOKEN");
  command->add_option("--ca", options.trusted_certificates,
                      "Certificates to trust (PEM); the system's when left out");
  command->add_flag("--json", options.as_json, "As JSON");
}

std::string ServiceClient::Url(const std::string& path) const {
  std::string host = options_.host;
  while (host.ends_with("/")) host.pop_back();
  if (host.find("://") == std::string::npos) host = "http://" + host;
  return host + "/apis/v2beta1" + path;
}

Result<json> ServiceClient::Call(const std::string& method, const std::string& path, const std::string& body,
                                 const std::string& content_type) const {
  server::HttpCall call{.method = method,
                        .url = Url(path),
                        .body = body,
                        .num_timeout_seconds = 60,
                        .trusted_certificates_path = options_.trusted_certificates};
  if (!content_type.empty()) call.headers.emplace_back("Content-Type", content_type);
  if (!options_.token.empty()) call.headers.emplace_back("Authorization", "Bearer " + options_.token);
  PENSTOCK_ASSIGN_OR_RETURN(const server::HttpReply reply, server::CallHttp(call));
  if (reply.status != 200) return ErrorOf(reply);
  json answer = json::parse(reply.body, nullptr, false);
  if (answer.is_discarded()) return DataLoss("The answer of {} is no JSON", call.url);
  return answer;
}

Result<json> ServiceClient::Get(const std::string& path) const { return Call("GET", path, "", ""); }

Result<json> ServiceClient::Post(const std::string& path, const json& body) const {
  return Call("POST", path, body.dump(), "application/json");
}

Status ServiceClient::Delete(const std::string& path) const { return Call("DELETE", path, "", "").status(); }

Result<json> ServiceClient::Upload(const std::string& path, const std::string& file_name,
                                   const std::string& content) const {
  std::string boundary = "penstock-form";
  while (content.find(boundary) != std::string::npos) boundary += "-x";
  std::string name;
  for (const char c : file_name)
    if (c != '"' && c != '\\' && c != '\r' && c != '\n') name += c;
  const std::string body = fmt::format(
      "--{0}\r\nContent-Disposition: form-data; name=\"uploadfile\"; filename=\"{1}\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n{2}\r\n--{0}--\r\n",
      boundary, name, content);
  return Call("POST", path, body, "multipart/form-data; boundary=" + boundary);
}

Status ServiceClient::Stream(const std::string& path,
                             const std::function<bool(std::string_view)>& on_data) const {
  constexpr int kTimeoutSeconds = 24 * 3600;  // A quiet task is not a dead one.
  server::HttpCall call{.url = Url(path),
                        .num_timeout_seconds = kTimeoutSeconds,
                        .trusted_certificates_path = options_.trusted_certificates,
                        .on_data = on_data};
  if (!options_.token.empty()) call.headers.emplace_back("Authorization", "Bearer " + options_.token);
  PENSTOCK_ASSIGN_OR_RETURN(const server::HttpReply reply, server::CallHttp(call));
  return reply.status == 200 ? OkStatus() : ErrorOf(reply);
}

Result<json> ServiceClient::List(const std::string& path, const char* field, int limit) const {
  json all = json::array();
  std::string token;
  constexpr int kPage = 200;
  while (static_cast<int>(all.size()) < limit) {
    std::string page_path = path + (path.find('?') == std::string::npos ? "?" : "&");
    page_path += fmt::format("page_size={}", std::min(kPage, limit - static_cast<int>(all.size())));
    if (!token.empty()) page_path += "&page_token=" + server::PercentEncode(token);
    PENSTOCK_ASSIGN_OR_RETURN(const json page, Get(page_path));
    if (page.contains(field))
      for (const json& one : page[field]) all.push_back(one);
    token = page.value("next_page_token", std::string());
    if (token.empty()) break;
  }
  return all;
}

Result<std::string> ServiceClient::Resolve(const std::string& kind, const std::string& list_field,
                                           const std::string& id_field, const std::string& id_or_name) const {
  const auto found = Get("/" + kind + "/" + server::PercentEncode(id_or_name));
  if (found.ok()) return id_or_name;
  if (!absl::IsNotFound(found.status())) return found.status();
  const json filter = {
      {"predicates", {{{"operation", "EQUALS"}, {"key", "display_name"}, {"string_value", id_or_name}}}}};
  PENSTOCK_ASSIGN_OR_RETURN(const json list,
                            Get("/" + kind + "?filter=" + server::PercentEncode(filter.dump())));
  const json entries = list.value(list_field, json::array());
  if (entries.empty())
    return NotFound("There is none of the {} with the id or the name '{}'", kind, id_or_name);
  if (entries.size() > 1)
    return InvalidArgument("Several of the {} have the name '{}': use an id", kind, id_or_name);
  return entries[0].value(id_field, std::string());
}

void PrintTable(const json& rows, const std::vector<TableColumn>& columns, bool as_json) {
  if (as_json) {
    fmt::print("{}\n", rows.dump(2, ' ', false, json::error_handler_t::replace));
    return;
  }
  std::vector<std::vector<std::string>> cells(1);
  for (const TableColumn& column : columns) cells[0].emplace_back(column.title);
  for (const json& row : rows) {
    cells.emplace_back();
    for (const TableColumn& column : columns) {
      const auto value = row.find(column.field);
      cells.back().push_back(value == row.end()   ? ""
                             : value->is_string() ? value->get<std::string>()
                                                  : value->dump());
    }
  }
  std::vector<size_t> widths(columns.size(), 0);
  for (const auto& row : cells)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const auto& row : cells) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
    fmt::print("{}\n", line);
  }
}

Result<json> ReadParameters(const json& pipeline_spec, const std::vector<std::string>& texts) {
  const json& spec = pipeline_spec.contains("pipeline_spec") ? pipeline_spec["pipeline_spec"] : pipeline_spec;
  const json known = spec.value(json::json_pointer("/root/inputDefinitions/parameters"), json::object());
  std::vector<std::string> names;
  for (const auto& [name, definition] : known.items()) names.push_back(name);
  json parameters = json::object();
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos)
      return InvalidArgument("A parameter is written name=value, not '{}'", text);
    const std::string name = text.substr(0, equals), value = text.substr(equals + 1);
    if (!known.contains(name))
      return InvalidArgument("The pipeline has no parameter '{}'{}", name, DidYouMean(name, names));
    parameters[name] = value;
    if (known[name].value("parameterType", std::string()) == "STRING") continue;
    const json read = json::parse(value, nullptr, false);
    if (!read.is_discarded()) parameters[name] = read;
  }
  return parameters;
}

}  // namespace penstock::apps
