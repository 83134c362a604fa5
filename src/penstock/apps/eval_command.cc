#include <nlohmann/json.hpp>

#include "penstock/apps/command.h"
#include "penstock/apps/evaluation_html.h"
#include "penstock/apps/explain_command.h"
#include "penstock/evaluation/evaluation_output.h"
#include "penstock/evaluation/result_json.h"
#include "penstock/evaluation/result_text.h"
#include "penstock/evaluation/validation.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string folder, other, html;
  std::vector<std::string> beside;  ///< Folders to show on the page too.
  bool as_json = false;
  evaluation::TextOptions text;
};

Result<int> ShowAsPage(const Options& options) {
  std::vector<std::string> folders = {options.folder};
  folders.insert(folders.end(), options.beside.begin(), options.beside.end());
  PENSTOCK_RETURN_IF_ERROR(WriteEvaluationPage(options.html, folders));
  return kExitSucceeded;
}

Result<int> Show(const Options& options) {
  if (!options.html.empty()) return ShowAsPage(options);
  if (!options.beside.empty())
    return InvalidArgument("--compare is for a page; say which with --html FILE (or: penstock eval compare)");
  PENSTOCK_ASSIGN_OR_RETURN(const auto stored, evaluation::ReadEvaluationFiles(options.folder));
  if (options.as_json) {
    nlohmann::json verdict;
    if (stored.has_validation) verdict = evaluation::ValidationToJson(stored.validation);
    fmt::print("{{\"metrics\":");
    evaluation::PrintResults(stored.slices, stdout);
    fmt::print(",\"validation\":{}}}\n", evaluation::JsonText(verdict));
    return kExitSucceeded;
  }
  fmt::print("{}", evaluation::FormatResults(stored.slices, {}, options.text));
  if (!stored.has_validation) return kExitSucceeded;
  fmt::print("\n{}\n",
             stored.validation.validation_ok() ? "Blessed: every threshold is met." : "Not blessed:");
  PENSTOCK_ASSIGN_OR_RETURN(const auto checks, evaluation::ListStoredChecks(stored));
  for (const std::string& check : checks) fmt::print("  {}\n", check);
  for (const std::string& reason :
       checks.empty() ? evaluation::ExplainValidation(stored.validation) : std::vector<std::string>())
    fmt::print("  {}\n", reason);
  return kExitSucceeded;
}

Result<int> Compare(const Options& options) {
  if (!options.html.empty()) {
    PENSTOCK_RETURN_IF_ERROR(WriteEvaluationPage(options.html, {options.folder, options.other}));
    return kExitSucceeded;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto first, evaluation::ReadEvaluationFiles(options.folder));
  PENSTOCK_ASSIGN_OR_RETURN(const auto second, evaluation::ReadEvaluationFiles(options.other));
  if (options.as_json) {
    fmt::print("{{\"first\":");
    evaluation::PrintResults(first.slices, stdout);
    fmt::print(",\"second\":");
    evaluation::PrintResults(second.slices, stdout);
    fmt::print("}}\n");
  } else {
    fmt::print("{}", evaluation::FormatComparison(first.slices, second.slices, options.text));
  }
  return kExitSucceeded;
}

void AddSharedOptions(CLI::App* command, Options& options) {
  command->add_flag("--json", options.as_json, "All numbers as JSON");
  command->add_option("--html", options.html, "Write a page to look at instead");
  command->add_option("--metrics", options.text.metrics, "Only these metrics")->delimiter(',');
}

}  // namespace

void AddEvalCommand(CLI::App& cli, Application& application) {
  auto* eval = cli.add_subcommand("eval", "Evaluations that were written: show, compare; explain a model");
  eval->require_subcommand(1);
  auto options = std::make_shared<Options>();
  auto* show = eval->add_subcommand("show", "Show metrics overall and by slice, and the verdict");
  show->footer(
      "Example: penstock eval show evaluation --metrics auc,calibration\n"
      "         penstock eval show monday --compare tuesday --compare wednesday --html week.html");
  show->add_option("folder", options->folder, "What `penstock evaluate -o` or TFMA wrote")->required();
  show->add_option("--max-slices", options->text.max_slices, "Rows of the table of slices")
      ->check(CLI::Range(1, 1'000'000));
  show->add_option("--compare", options->beside,
                   "Evaluations to show beside it on the page (may be repeated)");
  AddSharedOptions(show, *options);
  show->callback([&application, options] { application.action = [options] { return Show(*options); }; });
  auto* compare = eval->add_subcommand("compare", "Put two evaluations side by side");
  compare->footer("Example: penstock eval compare evaluations/old evaluations/new --metrics auc");
  compare->add_option("first", options->folder, "A folder with an evaluation")->required();
  compare->add_option("second", options->other, "Another one")->required();
  AddSharedOptions(compare, *options);
  compare->callback(
      [&application, options] { application.action = [options] { return Compare(*options); }; });
  AddExplainCommand(*eval, application);
}

}  // namespace penstock::apps
