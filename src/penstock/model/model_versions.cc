#include "penstock/model/model_versions.h"

#include <charconv>

#include "penstock/base/filesystem.h"
#include "penstock/model/foreign/foreign_model.h"
#include "penstock/model/model.h"
#include "penstock/model/saved_model/saved_model_export.h"

namespace penstock::model {

Result<std::optional<int64_t>> LatestVersion(const std::string& folder) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto entries, fs::List(folder));
  std::optional<int64_t> latest;
  for (const auto& entry : entries) {
    const std::string name = fs::BaseName(entry.path);
    int64_t version = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (entry.is_directory && error == std::errc() && end == name.data() + name.size())
      latest = std::max(latest.value_or(version), version);
  }
  return latest;
}

Result<std::string> FindModelFolder(const std::string& path) {
  if (foreign::IsModelFile(path)) return path;
  for (const std::string_view file : {kModelFileName, kSavedModelFileName, kServingFolderName,
                                      kForeignModelFileNames[0], kForeignModelFileNames[1]}) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_model, fs::Exists(fs::Join(path, file)));
    if (is_model) return path;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto latest, LatestVersion(path));
  if (!latest)
    return NotFound("There is no model in {}: neither {} nor {} nor a folder per version", path,
                    kModelFileName, kSavedModelFileName);
  return fs::Join(path, std::to_string(*latest));
}

}  // namespace penstock::model
