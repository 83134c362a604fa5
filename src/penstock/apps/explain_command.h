#pragma once

#include "penstock/apps/command.h"

namespace penstock::apps {

/// `penstock eval explain`, below `penstock eval`.
void AddExplainCommand(CLI::App& eval, Application& application);

}  // namespace penstock::apps
