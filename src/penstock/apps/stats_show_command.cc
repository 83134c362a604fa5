#include <unistd.h>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/apps/command.h"
#include "penstock/apps/proto_output.h"
#include "penstock/apps/statistics_html.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/statistics/format.h"

namespace penstock::apps {
namespace {

namespace tfmd = tensorflow::metadata::v0;

struct Options {
  std::string file, html, anomalies;
  std::vector<std::string> compare;
  bool as_json = false;
};

Result<int> ShowAsPage(const Options& options) {
  std::vector<std::pair<std::string, std::string>> files = {{fs::BaseName(options.file), options.file}};
  for (const std::string& other : options.compare) {
    // Files of equal names go by their whole path.
    std::string name = fs::BaseName(other);
    for (const auto& [known, path] : files) {
      if (known == name) name = other;
    }
    files.emplace_back(name, other);
  }
  tfmd::Anomalies anomalies;
  if (!options.anomalies.empty()) PENSTOCK_RETURN_IF_ERROR(ReadProto(options.anomalies, anomalies));
  PENSTOCK_RETURN_IF_ERROR(
      WriteStatisticsPage(options.html, files, options.anomalies.empty() ? nullptr : &anomalies, false));
  return kExitSucceeded;
}

Result<int> Show(const Options& options) {
  if (!options.html.empty()) return ShowAsPage(options);
  if (!options.anomalies.empty())
    return InvalidArgument("--anomalies is for a page; say which with --html FILE");
  tfmd::DatasetFeatureStatisticsList list;
  PENSTOCK_RETURN_IF_ERROR(ReadProto(options.file, list));
  for (const std::string& other : options.compare) {
    tfmd::DatasetFeatureStatisticsList more;
    PENSTOCK_RETURN_IF_ERROR(ReadProto(other, more));
    for (auto& dataset : *more.mutable_datasets()) {
      dataset.set_name(dataset.name().empty() ? other : other + ": " + dataset.name());
      *list.add_datasets() = std::move(dataset);
    }
  }
  if (options.as_json) {
    PrintJson(list);
  } else {
    fmt::print("{}", statistics::FormatStatistics(list, {.colour = isatty(STDOUT_FILENO) != 0}));
  }
  return kExitSucceeded;
}

}  // namespace

void AddStatsShowCommand(CLI::App& stats, Application& application) {
  auto* command = stats.add_subcommand("show", "Show statistics as a table or as an HTML page");
  command->footer(
      "Example: penstock stats show stats.pb\n"
      "         penstock stats show train.pb --compare eval.pb --html overview.html");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "Statistics file")->required();
  command->add_option("--compare", options->compare, "Statistics to show beside it (may be repeated)");
  command->add_option("--html", options->html, "One HTML page to write; it needs no network");
  command->add_option("--anomalies", options->anomalies,
                      "Anomalies file to show beside the features of the page");
  command->add_flag("--json", options->as_json, "As JSON");
  command->callback([&application, options] { application.action = [options] { return Show(*options); }; });
}

}  // namespace penstock::apps
