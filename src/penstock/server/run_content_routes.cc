#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <utility>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/runtime/task_files.h"
#include "penstock/server/base64.h"
#include "penstock/server/json_message.h"
#include "penstock/server/run_routes.h"
#include "penstock/server/service.h"

namespace penstock::server {
namespace {

using nlohmann::json;
using runtime::TaskSnapshot;

constexpr size_t kChunkBytes = 256 << 10;
constexpr int64_t kMaxArtifactBytes = 512 << 20;

/// The real path of a local file, only where it lies below `root`: links are followed before it is compared.
Result<std::string> PathBelow(const std::string& root, const std::string& path) {
  char real_root[PATH_MAX], real_path[PATH_MAX];
  if (realpath(root.c_str(), real_root) == nullptr || realpath(path.c_str(), real_path) == nullptr)
    return NotFound("The file is not there any more");
  const std::string below = std::string(real_root) + "/";
  if (!std::string(real_path).starts_with(below))
    return PermissionDenied("The file does not lie below the server's root");
  return std::string(real_path);
}

/// A task of the run by its path, id, execution id, or its name where only one has it.
Result<TaskSnapshot> FindTask(Service& service, const std::string& run_id, const std::string& node,
                              bool with_values) {
  PENSTOCK_ASSIGN_OR_RETURN(runtime::RunSnapshot run, service.runs.Snapshot(run_id, with_values));
  std::vector<std::string> names;
  TaskSnapshot* found = nullptr;
  for (TaskSnapshot& task : run.tasks) {
    if (task.path == node || task.task_id == node ||
        (task.execution_id != 0 && std::to_string(task.execution_id) == node))
      return std::move(task);
    if (task.name == node) found = &task;
    names.push_back(task.path);
  }
  if (found == nullptr)
    return NotFound("The run {} has no node '{}'{}", run_id, node, DidYouMean(node, names));
  return std::move(*found);
}

class OpenFile {
 public:
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  Status Open(const std::string& path) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return fd_ >= 0 ? OkStatus() : NotFound("The log is not there: {}", fs::BaseName(path));
  }
  bool is_open() const { return fd_ >= 0; }
  Result<std::string> ReadMore() {
    std::string data(kChunkBytes, '\0');
    const ssize_t size = ::read(fd_, data.data(), data.size());
    if (size < 0) return Unavailable("The file cannot be read");
    data.resize(static_cast<size_t>(size));
    return data;
  }

 private:
  int fd_ = -1;
};

/// A task's log from its beginning; where it is followed, until the task has ended.
class LogStream : public BodyStream {
 public:
  LogStream(Service& service, std::string run_id, std::string node, bool follows)
      : service_(service), run_id_(std::move(run_id)), node_(std::move(node)), follows_(follows) {}

  Result<Chunk> Next() override {
    Chunk chunk;
    // First whether it has ended, then what it wrote: nothing is lost between the two.
    bool is_over = !follows_;
    const bool looks = !file_.is_open() || ++num_polls_ % kPollsPerLook == 0;
    if (looks) {
      PENSTOCK_ASSIGN_OR_RETURN(const TaskSnapshot task, FindTask(service_, run_id_, node_, false));
      is_over = is_over || runtime::IsFinal(task.state);
      if (!file_.is_open()) PENSTOCK_RETURN_IF_ERROR(Open(task));
      if (is_over && !file_.is_open() && !task.cache_note.empty()) chunk.data = task.cache_note + "\n";
    }
    if (file_.is_open()) {
      PENSTOCK_ASSIGN_OR_RETURN(chunk.data, file_.ReadMore());
    }
    chunk.is_last = is_over && looks && chunk.data.size() < kChunkBytes;
    if (!follows_ && chunk.data.size() == kChunkBytes) num_polls_ = kPollsPerLook - 1;
    return chunk;
  }

 private:
  /// A task at work has its log where the engine put it, though the store does not know it yet.
  Status Open(const TaskSnapshot& task) {
    std::string log = task.log_path;
    if (log.empty() && task.num_attempts > 0)
      log = runtime::RunLayout(service_.options.root).LogPath(run_id_, task.path, task.num_attempts);
    if (log.empty()) return OkStatus();
    const auto path = PathBelow(service_.options.root, log);
    return path.ok() ? file_.Open(*path) : OkStatus();
  }

  static constexpr int kPollsPerLook = 5;
  Service& service_;
  const std::string run_id_, node_;
  const bool follows_;
  OpenFile file_;
  int num_polls_ = -1;
};

Result<HttpResponse> ReadLog(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, FindRun(service, call));
  PENSTOCK_RETURN_IF_ERROR(FindTask(service, run.id, call.Path("node_id"), false).status());
  HttpResponse response{.content_type = "text/plain; charset=utf-8"};
  response.stream =
      std::make_shared<LogStream>(service, run.id, call.Path("node_id"), call.Query("follow") == "true");
  return response;
}

/// The artifact's own file, or the one that ?path= names below its folder.
Result<std::string> ArtifactFile(Service& service, const pipeline::Artifact& artifact,
                                 const std::string& part) {
  std::string uri = artifact.uri;
  if (uri.starts_with("file://")) uri = uri.substr(7);
  if (!uri.starts_with("/"))
    return Unimplemented("The artifact lies at {}: read it from there", artifact.uri);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string base, PathBelow(service.options.root, uri));
  if (part.empty()) return base;
  return PathBelow(base, fs::Join(base, part));
}

Result<HttpResponse> ReadArtifact(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, FindRun(service, call));
  PENSTOCK_ASSIGN_OR_RETURN(const TaskSnapshot task, FindTask(service, run.id, call.Path("node_id"), true));
  const std::string& name = call.Path("artifact_name");
  const auto entry = task.output_artifacts.find(name);
  if (entry == task.output_artifacts.end() || entry->second.empty()) {
    std::vector<std::string> names;
    for (const auto& [key, list] : task.output_artifacts) names.push_back(key);
    return NotFound("The node '{}' has no artifact '{}'{}", task.path, name, DidYouMean(name, names));
  }
  size_t index = 0;
  const std::string& text = call.Query("index");
  if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), index);
  if (index >= entry->second.size())
    return NotFound("The artifact '{}' has {} parts", name, entry->second.size());
  PENSTOCK_ASSIGN_OR_RETURN(const std::string path,
                            ArtifactFile(service, entry->second[index], call.Query("path")));
  PENSTOCK_ASSIGN_OR_RETURN(const auto stat, fs::Stat(path));
  HttpResponse response;
  if (stat.is_directory) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto files, fs::List(path, /*recursive=*/true));
    json list = json::array();
    for (const auto& file : files)
      if (!file.is_directory)
        list.push_back({{"path", file.path.substr(path.size() + 1)}, {"size", file.size}});
    response.body = json{{"files", list}}.dump(-1, ' ', false, json::error_handler_t::replace);
    return response;
  }
  if (stat.size > kMaxArtifactBytes)
    return InvalidArgument("The artifact has {} bytes: more than can be read so", stat.size);
  PENSTOCK_ASSIGN_OR_RETURN(std::string bytes, fs::ReadFile(path));
  if (call.Query("raw") == "true") {
    response.content_type = "application/octet-stream";
    response.body = std::move(bytes);
  } else {
    response.body = "{\"data\":\"" + EncodeBase64(bytes) + "\"}";
  }
  response.headers.emplace_back("Cache-Control", "no-cache, private");
  return response;
}

Result<HttpResponse> FollowEvents(Service& service, const ApiCall& call, const std::string& run_id) {
  int64_t sequence = service.events.last_sequence();
  const std::string& last = call.request.Header("last-event-id");
  if (!last.empty()) std::from_chars(last.data(), last.data() + last.size(), sequence);
  HttpResponse response{.content_type = "text/event-stream"};
  response.stream = StreamEvents(service.events, run_id, sequence);
  return response;
}

}  // namespace

void AddRunContentRoutes(Router& router, Service& service) {
  auto log = [&service](const ApiCall& call) { return ReadLog(service, call); };
  for (const char* version : {"v1alpha1", "v2beta1"}) {
    router.Add({fmt::format("ReadRunLog_{}", version),
                "GET",
                fmt::format("/apis/{}/runs/{{run_id}}/nodes/{{node_id}}/log", version),
                Permission::kRead,
                log,
                {"follow:boolean"},
                "",
                "text"});
  }
  router.Add({"RunService_ReadArtifact",
              "GET",
              "/apis/v2beta1/runs/{run_id}/nodes/{node_id}/artifacts/{artifact_name}:read",
              Permission::kRead,
              [&service](const ApiCall& call) { return ReadArtifact(service, call); },
              {"path", "index:integer", "raw:boolean"},
              "",
              "bytes"});
  router.Add({"FollowRunEvents",
              "GET",
              "/apis/v2beta1/runs/{run_id}/events",
              Permission::kRead,
              [&service](const ApiCall& call) -> Result<HttpResponse> {
                PENSTOCK_ASSIGN_OR_RETURN(const auto run, FindRun(service, call));
                return FollowEvents(service, call, run.id);
              },
              {},
              "",
              "text"});
  router.Add({"FollowEvents",
              "GET",
              "/apis/v2beta1/events",
              Permission::kRead,
              [&service](const ApiCall& call) -> Result<HttpResponse> {
                if (!call.namespace_name.empty())
                  return PermissionDenied("A token of one namespace follows runs one by one");
                return FollowEvents(service, call, "");
              },
              {},
              "",
              "text"});
}

}  // namespace penstock::server
