#include <csignal>
#include <cstdio>
#include <system_error>

#include <fmt/ostream.h>

#include "penstock/apps/command.h"
#include "penstock/backends/local_process.h"
#include "penstock/base/logging.h"
#include "penstock/base/near_miss.h"
#include "penstock/components/standard_components.h"
#include "penstock/learning/boosted_trees/boosted_trees_learner.h"
#include "penstock/learning/network/network_learner.h"
#include "penstock/metadata/database_url.h"
#include "penstock/pipeline/pipeline_ir.h"

namespace penstock::apps {
namespace {

CancellationToken* interrupted = nullptr;  // For the signal handler alone.

void OnSignal(int) {
  if (interrupted != nullptr) interrupted->Cancel();
}

void HandleSignals(Application& application) {
  interrupted = &application.cancellation;
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESETHAND;  // The second one ends the process at once.
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // A file that may not grow is an error with a name, like a full disk.
}

Status Register(Application& application) {
  PENSTOCK_RETURN_IF_ERROR(learning::RegisterBoostedTreesLearner(application.learners));
  PENSTOCK_RETURN_IF_ERROR(learning::RegisterNetworkLearners(application.learners));
  return components::RegisterStandardComponents(application.components, application.learners,
                                                {application.program});
}

int Fail(const Status& status) {
  fmt::print(stderr, "penstock: error: {}\n", status.message());
  return IsBadInput(status) || status.code() == StatusCode::kFailedPrecondition ? kExitBadInput : kExitFailed;
}

/// CLI11's complaint, with the command or option that was probably meant.
int UsageError(const CLI::App& cli, const CLI::ParseError& error, int argc, char** argv) {
  std::vector<std::string> known;
  const CLI::App* level = &cli;
  std::string unknown;
  for (int i = 1; i < argc && unknown.empty(); ++i) {
    const std::string word = argv[i];
    known.clear();
    const CLI::App* next = nullptr;
    for (const auto* command : level->get_subcommands({})) {
      known.push_back(command->get_name());
      if (command->get_name() == word) next = command;
    }
    for (const auto* option : level->get_options()) known.push_back(option->get_name());
    const bool is_option = word.starts_with("-");
    if (next != nullptr) {
      level = next;
    } else if ((is_option && level->get_option_no_throw(word) == nullptr) ||
               (!is_option && !level->get_subcommands({}).empty())) {
      unknown = word;
    }
  }
  const std::string text = unknown.empty() ? error.what() : fmt::format("'{}' is not known here", unknown);
  fmt::print(stderr, "penstock: error: {}{}\nTry '{} --help'.\n", text,
             unknown.empty() ? "" : DidYouMean(unknown, known),
             level == &cli ? "penstock" : "penstock " + level->get_name());
  return kExitBadInput;
}

int Main(int argc, char** argv) {
  CLI::App cli("Penstock: machine learning pipelines from raw data to a served model.", "penstock");
  cli.set_version_flag("--version", std::string(pipeline::kPenstockVersion));
  cli.require_subcommand(1);
  bool is_verbose = false, logs_as_json = false;
  cli.add_flag("-v,--verbose", is_verbose, "Log what happens, to standard error");
  cli.add_flag("--log-json", logs_as_json, "Logs as JSON, one object a line");
  cli.footer(
      "Start with: penstock run examples/taxi/pipeline.yaml\nEach command has its own --help with an "
      "example.");

  Application application;
  application.program = backends::SelfPath();
  AddRunCommand(cli, application);
  AddCompileCommand(cli, application);
  AddRunsCommand(cli, application);
  AddMetadataCommand(cli, application);
  AddDataCommand(cli, application);
  AddStatsCommand(cli, application);
  AddSchemaCommand(cli, application);
  AddValidateCommand(cli, application);
  AddTransformCommand(cli, application);
  AddTrainCommand(cli, application);
  AddTuneCommand(cli, application);
  AddExportCommand(cli, application);
  AddModelCommand(cli, application);
  AddPredictCommand(cli, application);
  AddEvaluateCommand(cli, application);
  AddEvalCommand(cli, application);
  AddComponentsCommand(cli, application);
  AddComponentCommand(cli, application);
  AddServerCommand(cli, application);
  AddPipelinesCommand(cli, application);
  AddTokensCommand(cli, application);
  AddAuditCommand(cli, application);
  AddGcCommand(cli, application);
  AddExperimentsCommand(cli, application);
  AddRecurringRunsCommand(cli, application);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return cli.exit(success);
  } catch (const CLI::ParseError& error) {
    return UsageError(cli, error, argc, argv);
  }
  metadata::HidePasswords(argc, argv);
  logging::Configure(is_verbose ? logging::Level::kInfo : logging::Level::kWarning, logs_as_json);
  HandleSignals(application);
  if (const Status status = Register(application); !status.ok()) return Fail(status);
  Result<int> exit_code = kExitFailed;
  try {
    exit_code = application.action();
  } catch (const std::system_error& error) {  // fmt::print throws where nobody reads or the disk is full.
    exit_code = ResourceExhausted("Cannot write to standard output: {}", error.what());
  }
  if (!exit_code.ok()) return Fail(exit_code.status());
  // A full disk or a closed pipe behind standard output must not look like success.
  if (std::fflush(stdout) != 0) return Fail(ResourceExhausted("Cannot write to standard output"));
  return *exit_code;
}

}  // namespace

void AddThreadsOption(CLI::App* command, int& num_threads) {
  command
      ->add_option("--threads", num_threads,
                   "Threads to compute with; 0: one per core. Never changes a result")
      ->check(CLI::Range(0, 1024));
}

ExecutionOptions ComputeOptions(const Application& application, int num_threads) {
  return {.num_threads = num_threads, .cancellation = &application.cancellation};
}

}  // namespace penstock::apps

int main(int argc, char** argv) { return penstock::apps::Main(argc, argv); }
