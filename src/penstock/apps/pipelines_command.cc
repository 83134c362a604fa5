#include "penstock/apps/command.h"
#include "penstock/apps/service_client.h"
#include "penstock/base/filesystem.h"
#include "penstock/pipeline/yaml_pipeline.h"
#include "penstock/server/http_client.h"

namespace penstock::apps {
namespace {

using nlohmann::json;
using server::PercentEncode;

struct Options : ClientOptions {
  std::string file, name, description, pipeline, version, sort_by = "created_at desc";
  int limit = 20;
  bool is_cascading = false;
};
using Action = Result<int> (*)(const Application&, const Options&);

const std::vector<TableColumn> kColumns = {{"pipeline", "pipeline_id"},
                                           {"name", "display_name"},
                                           {"created", "created_at"},
                                           {"description", "description"}};
const std::vector<TableColumn> kVersionColumns = {{"version", "pipeline_version_id"},
                                                  {"name", "display_name"},
                                                  {"created", "created_at"},
                                                  {"description", "description"}};

/// What to upload: an archive as it is, a pipeline of either kind compiled.
struct Package {
  std::string file_name, content, name;
};

Result<Package> ReadPackage(const Application& application, const Options& options) {
  Package package{fs::BaseName(options.file), "", options.name};
  if (options.file.ends_with(".zip") || options.file.ends_with(".gz")) {
    PENSTOCK_ASSIGN_OR_RETURN(package.content, fs::ReadFile(options.file));
    return package;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto ir, pipeline::LoadPipeline(options.file, application.components));
  package.file_name = "pipeline.yaml";
  package.content = pipeline::PrintPipelineYaml(ir);
  if (package.name.empty()) package.name = ir.pipeline.pipeline_info().name();
  return package;
}

Result<int> Upload(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const Package package, ReadPackage(application, options));
  const ServiceClient client(options);
  std::string query = "description=" + PercentEncode(options.description);
  if (!package.name.empty()) query += "&name=" + PercentEncode(package.name);
  if (options.pipeline.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const json made, client.Upload("/pipelines/upload?" + query, package.file_name, package.content));
    PrintTable(json::array({made}), kColumns, options.as_json);
    return kExitSucceeded;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id,
                            client.Resolve("pipelines", "pipelines", "pipeline_id", options.pipeline));
  PENSTOCK_ASSIGN_OR_RETURN(const json made,
                            client.Upload("/pipelines/upload_version?pipelineid=" + id + "&" + query,
                                          package.file_name, package.content));
  PrintTable(json::array({made}), kVersionColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> List(const Application&, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(
      const json list, ServiceClient(options).List("/pipelines?sort_by=" + PercentEncode(options.sort_by),
                                                   "pipelines", options.limit));
  PrintTable(list, kColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> Show(const Application&, const Options& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id,
                            client.Resolve("pipelines", "pipelines", "pipeline_id", options.pipeline));
  PENSTOCK_ASSIGN_OR_RETURN(json pipeline, client.Get("/pipelines/" + id));
  PENSTOCK_ASSIGN_OR_RETURN(
      const json versions,
      client.List("/pipelines/" + id + "/versions?sort_by=" + PercentEncode("created_at desc"),
                  "pipeline_versions", options.limit));
  if (options.as_json) {
    pipeline["pipeline_versions"] = versions;
    fmt::print("{}\n", pipeline.dump(2));
  } else {
    PrintTable(json::array({pipeline}), kColumns, false);
    fmt::print("\n");
    PrintTable(versions, kVersionColumns, false);
  }
  return kExitSucceeded;
}

Result<int> Delete(const Application&, const Options& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id,
                            client.Resolve("pipelines", "pipelines", "pipeline_id", options.pipeline));
  std::string path = "/pipelines/" + id;
  if (!options.version.empty()) {
    path += "/versions/" + PercentEncode(options.version);
  } else if (options.is_cascading) {
    path += "?cascade=true";
  }
  PENSTOCK_RETURN_IF_ERROR(client.Delete(path));
  return kExitSucceeded;
}

}  // namespace

void AddPipelinesCommand(CLI::App& cli, Application& application) {
  auto* pipelines = cli.add_subcommand("pipelines", "Pipelines of a server: upload, list, show, delete");
  pipelines->require_subcommand(1);
  auto add = [&](const char* name, const char* help, const char* example, Action action) {
    const auto options = std::make_shared<Options>();
    auto* command = pipelines->add_subcommand(name, help);
    command->footer(std::string("Example: ") + example);
    AddClientOptions(command, *options);
    command->callback([&application, options, action] {
      application.action = [&application, options, action] { return action(application, *options); };
    });
    return std::pair(command, options);
  };
  auto [upload, upload_options] =
      add("upload", "Upload a pipeline, or a new version of one",
          "penstock pipelines upload examples/taxi/pipeline.yaml --name taxi", Upload);
  upload->add_option("file", upload_options->file, "YAML of Penstock or kfp, JSON, .zip or .tar.gz")
      ->required();
  upload->add_option("--name", upload_options->name, "Name; the pipeline's own when left out");
  upload->add_option("--description", upload_options->description, "What it does");
  upload->add_option("--pipeline", upload_options->pipeline,
                     "Id or name of the pipeline that gets a new version");
  auto [list, list_options] = add("list", "List pipelines", "penstock pipelines list", List);
  list->add_option("--limit", list_options->limit, "At most so many")->check(CLI::Range(1, 1000000));
  list->add_option("--sort-by", list_options->sort_by, "\"FIELD\" or \"FIELD desc\"")->capture_default_str();
  auto [show, show_options] =
      add("show", "Show a pipeline and its versions", "penstock pipelines show taxi", Show);
  show->add_option("pipeline", show_options->pipeline, "Id or name")->required();
  auto [remove, remove_options] = add("delete", "Delete a pipeline or a version of it",
                                      "penstock pipelines delete taxi --cascade", Delete);
  remove->add_option("pipeline", remove_options->pipeline, "Id or name")->required();
  remove->add_option("--version", remove_options->version, "Only the version with this id");
  remove->add_flag("--cascade", remove_options->is_cascading, "With all its versions");
}

}  // namespace penstock::apps
