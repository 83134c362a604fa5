#include <algorithm>
#include <set>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/apps/command.h"
#include "penstock/apps/proto_output.h"
#include "penstock/base/proto_io.h"
#include "penstock/validation/schema_difference.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_fix.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/schema_report.h"

namespace penstock::apps {
namespace {

namespace tfmd = tensorflow::metadata::v0;

constexpr char kOutputHelp[] = "Schema to write: .pbtxt text, .json JSON, else binary";
/// As of diff: the two are not equal.
constexpr int kExitDifferent = 1;

Result<std::vector<tfmd::DatasetFeatureStatistics>> ReadWholeDatasets(const std::vector<std::string>& files) {
  std::vector<tfmd::DatasetFeatureStatistics> datasets;
  for (const auto& file : files) {
    PENSTOCK_ASSIGN_OR_RETURN(auto dataset, ReadWholeDataset(file));
    datasets.push_back(std::move(dataset));
  }
  return datasets;
}

struct GrowOptions {
  std::vector<std::string> statistics;
  std::string schema, output;
  validation::InferSchemaOptions infer;
};

void AddInfer(CLI::App* schema, Application& application) {
  auto* command = schema->add_subcommand("infer", "Infer a schema that statistics satisfy");
  command->footer("Example: penstock schema infer stats.pb -o schema.pbtxt");
  auto options = std::make_shared<GrowOptions>();
  command
      ->add_option("statistics", options->statistics, "Statistics files; the first infers, the others loosen")
      ->required();
  command->add_option("-o,--output", options->output, kOutputHelp)->required();
  command->add_option("--infer-feature-shape", options->infer.infer_feature_shape,
                      "Give features with one length a shape");
  command->add_option("--max-string-domain-size", options->infer.max_string_domain_size,
                      "Most values of a domain");
  command->callback([&application, options] {
    application.action = [options]() -> Result<int> {
      PENSTOCK_ASSIGN_OR_RETURN(const auto datasets, ReadWholeDatasets(options->statistics));
      PENSTOCK_ASSIGN_OR_RETURN(const auto schema, validation::InferSchema(datasets, options->infer));
      PENSTOCK_RETURN_IF_ERROR(WriteProto(options->output, schema));
      return kExitSucceeded;
    };
  });
}

void AddUpdate(CLI::App* schema, Application& application) {
  auto* command = schema->add_subcommand("update", "Loosen a schema as little as statistics need");
  command->footer(
      "Example: penstock schema update schema.pbtxt stats.pb -o schema.pbtxt\n"
      "Takes everything that is new or different in the data; to take anomalies one by one: penstock schema "
      "accept.");
  auto options = std::make_shared<GrowOptions>();
  command->add_option("schema", options->schema, "Schema file")->required();
  command->add_option("statistics", options->statistics, "Statistics files, taken in this order")->required();
  command->add_option("-o,--output", options->output, kOutputHelp)->required();
  command->add_option("--max-string-domain-size", options->infer.max_string_domain_size,
                      "Most values of a new domain");
  command->callback([&application, options] {
    application.action = [options]() -> Result<int> {
      PENSTOCK_ASSIGN_OR_RETURN(const auto before, validation::ReadSchema(options->schema));
      PENSTOCK_ASSIGN_OR_RETURN(const auto datasets, ReadWholeDatasets(options->statistics));
      tfmd::Schema schema = before;
      for (const auto& dataset : datasets) {
        PENSTOCK_ASSIGN_OR_RETURN(schema,
                                  validation::UpdateSchema(std::move(schema), dataset, options->infer));
      }
      PENSTOCK_RETURN_IF_ERROR(WriteProto(options->output, schema));
      fmt::print("{}", validation::FormatSchemaChanges(validation::CompareSchemas(before, schema)));
      return kExitSucceeded;
    };
  });
}

void AddAccept(CLI::App* schema, Application& application) {
  struct Options {
    std::string anomalies, schema, output;
    std::vector<std::string> only;
  };
  auto* command = schema->add_subcommand("accept", "Change a schema so that anomalies go away");
  command->footer(
      "Example: penstock validate stats.pb --schema schema.pbtxt -o anomalies.pbtxt\n"
      "         penstock schema accept anomalies.pbtxt --only payment_type -o schema.pbtxt\n"
      "Makes the changes that the anomalies carry. With --schema, of a schema that was edited since: refused "
      "where a\n"
      "feature in question is another now; validate again then. The dataset's own anomaly is named "
      "'(dataset)'.");
  auto options = std::make_shared<Options>();
  command->add_option("anomalies", options->anomalies, "What penstock validate -o wrote")->required();
  command->add_option("--schema", options->schema,
                      "Schema to change; default: the one that was validated against");
  command->add_option("--only", options->only, "Only the anomalies of these features")->delimiter(',');
  command->add_option("-o,--output", options->output, kOutputHelp)->required();
  command->callback([&application, options] {
    application.action = [options]() -> Result<int> {
      tfmd::Anomalies anomalies;
      PENSTOCK_RETURN_IF_ERROR(ReadProto(options->anomalies, anomalies));
      tfmd::Schema before = anomalies.baseline();
      if (!options->schema.empty()) {
        PENSTOCK_ASSIGN_OR_RETURN(before, validation::ReadSchema(options->schema));
      }
      auto accepted =
          validation::AcceptAnomalies(anomalies, before, {options->only.begin(), options->only.end()});
      if (!accepted.ok()) return Annotate(accepted.status(), options->anomalies);
      PENSTOCK_RETURN_IF_ERROR(WriteProto(options->output, accepted->schema));
      fmt::print("{}", validation::FormatSchemaChanges(validation::CompareSchemas(before, accepted->schema)));
      for (const auto& name : accepted->without_fix)
        fmt::print(stderr, "penstock: warning: no change of the schema makes the anomaly of '{}' go away\n",
                   name);
      return kExitSucceeded;
    };
  });
}

nlohmann::json ToJson(const std::vector<validation::SchemaChange>& changes) {
  auto list = nlohmann::json::array();
  for (const auto& change : changes)
    list.push_back({{"kind", validation::SchemaChangeKindName(change.kind)},
                    {"part", change.part},
                    {"name", change.name},
                    {"field", change.field},
                    {"before", change.before},
                    {"after", change.after}});
  return {{"equal", changes.empty()}, {"changes", list}};
}

void AddDiff(CLI::App* schema, Application& application) {
  struct Options {
    std::string before, after;
    bool as_json = false;
  };
  auto* command = schema->add_subcommand("diff", "Show what differs between two schemas");
  command->footer(
      "Example: penstock schema diff old.pbtxt new.pbtxt\n"
      "The order of features and values does not count. Exit code 0 when they are equal, 1 when they "
      "differ.");
  auto options = std::make_shared<Options>();
  command->add_option("before", options->before, "Schema file")->required();
  command->add_option("after", options->after, "Schema file")->required();
  command->add_flag("--json", options->as_json, "As JSON");
  command->callback([&application, options] {
    application.action = [options]() -> Result<int> {
      PENSTOCK_ASSIGN_OR_RETURN(const auto before, validation::ReadSchema(options->before));
      PENSTOCK_ASSIGN_OR_RETURN(const auto after, validation::ReadSchema(options->after));
      const auto changes = validation::CompareSchemas(before, after);
      if (options->as_json) {
        fmt::print("{}\n", ToJson(changes).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
      } else {
        fmt::print("{}", validation::FormatSchemaChanges(changes));
      }
      return changes.empty() ? kExitSucceeded : kExitDifferent;
    };
  });
}

void AddShow(CLI::App* schema, Application& application) {
  struct Options {
    std::string file;
    bool as_json = false;
  };
  auto* command = schema->add_subcommand("show", "Show a schema as a table");
  command->footer("Example: penstock schema show schema.pbtxt");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "Schema file")->required();
  command->add_flag("--json", options->as_json, "As JSON");
  command->callback([&application, options] {
    application.action = [options]() -> Result<int> {
      PENSTOCK_ASSIGN_OR_RETURN(const auto schema, validation::ReadSchema(options->file));
      if (options->as_json) {
        PrintJson(schema);
      } else {
        fmt::print("{}", validation::FormatSchema(schema));
      }
      return kExitSucceeded;
    };
  });
}

}  // namespace

void AddSchemaCommand(CLI::App& cli, Application& application) {
  auto* schema = cli.add_subcommand("schema", "Schemas: infer, update, accept, diff, show");
  schema->require_subcommand(1);
  AddInfer(schema, application);
  AddUpdate(schema, application);
  AddAccept(schema, application);
  AddDiff(schema, application);
  AddShow(schema, application);
}

}  // namespace penstock::apps
