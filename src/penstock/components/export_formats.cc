#include "penstock/components/export_formats.h"

#include "penstock/components/task_access.h"

namespace penstock::components {

Result<std::vector<model::ExportFormat>> ReadExportFormats(const nlohmann::json& given) {
  std::vector<std::string> names;
  if (given.is_string()) names.push_back(given.get<std::string>());
  if (given.is_array()) {
    for (const nlohmann::json& name : given) {
      if (!name.is_string()) return InvalidArgument("'export' is a list of formats; {} is none", name.dump());
      names.push_back(name.get<std::string>());
    }
  }
  return model::ExportFormatsFromNames(names);
}

Result<std::vector<model::ExportFormat>> ExportFormatsOf(const pipeline::ExecutionTask& task) {
  const auto given = task.parameters.find("export");
  if (given == task.parameters.end()) return std::vector<model::ExportFormat>();
  return ReadExportFormats(given->second);
}

}  // namespace penstock::components
