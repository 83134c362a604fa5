#pragma once

#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/learning/learner.h"
#include "penstock/pipeline/component.h"

namespace penstock::apps {

/// What every command works with: filled in main(), alive until the end.
struct Application {
  pipeline::ComponentCatalog components{"component"};
  learning::LearnerCatalog learners{"learner"};
  CancellationToken cancellation;  ///< Set by SIGINT and SIGTERM.
  SystemClock clock;
  std::string program;  ///< Path of this binary.
  /// The chosen command; answers the exit code.
  std::function<Result<int>()> action;
};

// Each adds a command with its options and help to `cli`; when it is chosen it sets `application.action`.
void AddRunCommand(CLI::App& cli, Application& application);
void AddCompileCommand(CLI::App& cli, Application& application);
void AddRunsCommand(CLI::App& cli, Application& application);
void AddMetadataCommand(CLI::App& cli, Application& application);
void AddDataCommand(CLI::App& cli, Application& application);
void AddStatsCommand(CLI::App& cli, Application& application);
void AddStatsShowCommand(CLI::App& stats, Application& application);
void AddSchemaCommand(CLI::App& cli, Application& application);
void AddValidateCommand(CLI::App& cli, Application& application);
void AddTransformCommand(CLI::App& cli, Application& application);
void AddTrainCommand(CLI::App& cli, Application& application);
void AddTuneCommand(CLI::App& cli, Application& application);
void AddExportCommand(CLI::App& cli, Application& application);
void AddModelCommand(CLI::App& cli, Application& application);
void AddPredictCommand(CLI::App& cli, Application& application);
void AddEvaluateCommand(CLI::App& cli, Application& application);
void AddEvalCommand(CLI::App& cli, Application& application);
void AddComponentsCommand(CLI::App& cli, Application& application);
void AddComponentCommand(CLI::App& cli, Application& application);
void AddServerCommand(CLI::App& cli, Application& application);
void AddGcCommand(CLI::App& cli, Application& application);
void AddTokensCommand(CLI::App& cli, Application& application);
void AddAuditCommand(CLI::App& cli, Application& application);
void AddPipelinesCommand(CLI::App& cli, Application& application);
void AddExperimentsCommand(CLI::App& cli, Application& application);
void AddRecurringRunsCommand(CLI::App& cli, Application& application);

/// Adds --threads to a command that computes.
void AddThreadsOption(CLI::App* command, int& num_threads);
/// Options for a data-tower call of this application.
ExecutionOptions ComputeOptions(const Application& application, int num_threads);

/// Exit codes: fixed, scripts read them.
inline constexpr int kExitSucceeded = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitRefused = 3;

}  // namespace penstock::apps
