#include "penstock/apps/command.h"
#include "penstock/base/filesystem.h"
#include "penstock/pipeline/component_file.h"
#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::apps {
namespace {

using nlohmann::json;
using pipeline::ComponentDescription;

json ToJson(const ComponentDescription& component) {
  auto ports = [](const std::vector<pipeline::PortDescription>& list) {
    json out = json::array();
    for (const auto& port : list)
      out.push_back({{"name", port.name},
                     {"type", port.artifact_type},
                     {"help", port.help},
                     {"optional", port.is_optional}});
    return out;
  };
  json parameters = json::array();
  for (const auto& parameter : component.parameters)
    parameters.push_back({{"name", parameter.name},
                          {"type", std::string(pipeline::ParameterTypeName(parameter.type))},
                          {"help", parameter.help},
                          {"default", parameter.default_value},
                          {"optional", parameter.is_optional || !parameter.default_value.is_null()}});
  return {{"type", component.type},
          {"help", component.help},
          {"version", component.version},
          {"inputs", ports(component.inputs)},
          {"outputs", ports(component.outputs)},
          {"parameters", parameters}};
}

void PrintPorts(std::string_view title, const std::vector<pipeline::PortDescription>& ports) {
  for (const auto& port : ports)
    fmt::print("  {:<8} {:<24} {:<20} {}{}\n", title, port.name, port.artifact_type, port.help,
               port.is_optional ? " (optional)" : "");
}

void Print(const ComponentDescription& component) {
  fmt::print("{}: {}\n", component.type, component.help);
  PrintPorts("input", component.inputs);
  PrintPorts("output", component.outputs);
  for (const auto& parameter : component.parameters) {
    const std::string fallback = parameter.default_value.is_null()
                                     ? (parameter.is_optional ? "optional" : "required")
                                     : "default " + parameter.default_value.dump();
    fmt::print("  {:<8} {:<24} {:<20} {} ({})\n", "param", parameter.name,
               pipeline::ParameterTypeName(parameter.type), parameter.help, fallback);
  }
}

/// A file of each component that has one, for kfp's SDK.
Result<int> ExportAll(const Application& application, const std::string& folder) {
  for (const auto& name : application.components.Names()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* component, application.components.Find(name));
    if (!component->description.resolver_policy.empty()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto ir, pipeline::CompileComponent(component->description));
    const std::string path = fs::Join(folder, pipeline::KebabName(name) + ".yaml");
    PENSTOCK_RETURN_IF_ERROR(pipeline::WritePipelineIr(path, ir));
    fmt::print("{}\n", path);
  }
  return kExitSucceeded;
}

}  // namespace

void AddComponentsCommand(CLI::App& cli, Application& application) {
  struct Options {
    std::string type, export_folder;
    bool as_json = false;
  };
  auto* command = cli.add_subcommand("components", "List the components with inputs, outputs and parameters");
  command->footer("Example: penstock components Trainer");
  auto options = std::make_shared<Options>();
  command->add_option("type", options->type, "Only this one");
  command->add_flag("--json", options->as_json, "As JSON");
  command->add_option(
      "--export", options->export_folder,
      "Write each as a component file for pipelines written with the kfp SDK into this folder");
  command->callback([&application, options] {
    application.action = [&application, options]() -> Result<int> {
      if (!options->export_folder.empty()) return ExportAll(application, options->export_folder);
      json all = json::array();
      bool is_first = true;
      for (const auto& name : application.components.Names()) {
        PENSTOCK_ASSIGN_OR_RETURN(const auto* component, application.components.Find(name));
        if (!options->type.empty() && options->type != name) continue;
        if (options->as_json) {
          all.push_back(ToJson(component->description));
        } else {
          if (!is_first) fmt::print("\n");
          Print(component->description);
        }
        is_first = false;
      }
      if (is_first) return application.components.Find(options->type).status();
      if (options->as_json) fmt::print("{}\n", all.dump(2));
      return kExitSucceeded;
    };
  });
}

}  // namespace penstock::apps
