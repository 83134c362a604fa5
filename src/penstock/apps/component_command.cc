#include <unistd.h>

#include <cstdlib>

#include "penstock/apps/command.h"
#include "penstock/base/digest.h"
#include "penstock/base/filesystem.h"
#include "penstock/pipeline/executor_input.h"
#include "penstock/runtime/task_backend.h"

namespace penstock::apps {
namespace {

/// Writes whole lines to the descriptor the launcher named, if one did.
class ReportChannel {
 public:
  ReportChannel() {
    if (const char* number = std::getenv(runtime::kReportChannelVariable)) fd_ = std::atoi(number);
  }
  void Send(const std::string& line) const {
    // Lost when nobody listens: a report is never worth a failure.
    if (fd_ > 2) [[maybe_unused]]
      const ssize_t ignored = ::write(fd_, line.data(), line.size());
  }

 private:
  int fd_ = -1;
};

struct Options {
  std::string type, executor_input;
  int num_threads = 0;
};

int ThreadsFromEnvironment() {
  const char* number = std::getenv("PENSTOCK_NUM_THREADS");
  return number == nullptr ? 0 : std::max(0, std::atoi(number));
}

Result<int> Execute(Application& application, const Options& options, const ReportChannel& channel) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto* component, application.components.Find(options.type));
  if (!component->make_executor)
    return InvalidArgument("{} is answered by the launcher; it cannot be run alone", options.type);
  // Inline JSON, as {{$}} gives it, or @FILE for one that is too long for a command line.
  std::string text = options.executor_input;
  if (text.starts_with('@')) {
    PENSTOCK_ASSIGN_OR_RETURN(text, fs::ReadFile(text.substr(1)));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto input,
                            pipeline::ParseExecutorInput(text, options.type, &component->description));
  ExecutionContext context{
      .options = ComputeOptions(application,
                                options.num_threads > 0 ? options.num_threads : ThreadsFromEnvironment()),
      .clock = application.clock,
      .random_seed = Hash64(options.type),
      .report_progress = [&](double fraction, std::string_view message) {
        channel.Send(runtime::EncodeProgressReport(fraction, message));
      }};
  PENSTOCK_ASSIGN_OR_RETURN(const auto report, component->make_executor()->Execute(input.task, context));
  if (!input.output_file.empty())
    PENSTOCK_RETURN_IF_ERROR(
        fs::WriteFileAtomically(input.output_file, pipeline::PrintExecutorOutput(report)));
  return kExitSucceeded;
}

}  // namespace

void AddComponentCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand("component", "Do the work of one node (what launchers and pods call)");
  command->footer("Example: penstock component StatisticsGen --executor_input '{\"inputs\": ...}'");
  auto options = std::make_shared<Options>();
  command->add_option("type", options->type, "Component type")->required();
  command
      ->add_option("--executor_input", options->executor_input,
                   "KFP ExecutorInput as JSON, or @FILE that holds it")
      ->required();
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options]() -> Result<int> {
      const ReportChannel channel;
      auto exit_code = Execute(application, *options, channel);
      if (!exit_code.ok()) channel.Send(runtime::EncodeErrorReport(exit_code.status()));
      return exit_code;
    };
  });
}

}  // namespace penstock::apps
