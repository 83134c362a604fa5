#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock::model {

/// The highest version in a folder that holds one sub-folder per version, named by a whole
/// number, as TF Serving and Pusher lay models out; nothing where there is none.
Result<std::optional<int64_t>> LatestVersion(const std::string& folder);

/// Where TFX's Trainer, and a module's run_fn, put what is to be served, below the model's folder.
inline constexpr std::string_view kServingFolderName = "Format-Serving";

/// `path` itself where a model lies in it, else its latest version; kNotFound where there is neither.
Result<std::string> FindModelFolder(const std::string& path);

}  // namespace penstock::model
