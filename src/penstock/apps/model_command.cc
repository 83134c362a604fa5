#include <cstdio>

#include <nlohmann/json.hpp>

#include "penstock/apps/command.h"
#include "penstock/base/filesystem.h"
#include "penstock/model/forest_model.h"
#include "penstock/model/model_versions.h"
#include "penstock/model/network_model.h"

namespace penstock::apps {
namespace {

nlohmann::json DescribeFunction(const model::Model& model) {
  if (const auto* forest = dynamic_cast<const model::ForestModel*>(&model)) {
    return {{"kind", "trees"},
            {"num_trees", forest->forest().num_trees()},
            {"num_nodes", forest->forest().num_nodes()},
            {"num_outputs", forest->forest().num_outputs()}};
  }
  if (const auto* network = dynamic_cast<const model::NetworkModel*>(&model)) {
    const model::NetworkShape& shape = network->network().shape();
    nlohmann::json layers = nlohmann::json::array();
    for (const model::DenseLayer& layer : shape.layers) layers.push_back(layer.width);
    return {{"kind", "network"},
            {"num_parameters", network->network().layout().num_parameters},
            {"num_numbers", shape.numbers.size()},
            {"num_id_inputs", shape.ids.size()},
            {"has_wide_part", shape.has_wide},
            {"has_deep_part", shape.has_deep},
            {"num_series_steps", shape.num_steps()},
            {"layers", std::move(layers)}};
  }
  return {{"kind", "unknown"}};
}

Result<nlohmann::json> Describe(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(path));
  PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(folder));
  const std::string file = fs::Join(folder, model::kModelFileName);
  PENSTOCK_ASSIGN_OR_RETURN(const fs::FileEntry entry, fs::Stat(file));
  PENSTOCK_ASSIGN_OR_RETURN(const Digest digest, fs::DigestOfTree(file));
  const model::Signature& signature = model->signature();
  nlohmann::json described{{"model", folder},
                           {"task", model::TaskName(signature.task)},
                           {"output", signature.prediction_column},
                           {"size_bytes", entry.size},
                           {"digest", digest.ToHex()},
                           {"function", DescribeFunction(*model)}};
  if (!signature.class_names.empty()) described["classes"] = signature.class_names;
  for (const auto& field : signature.inputs->fields())
    described["inputs"].push_back({{"name", field->name()}, {"type", field->type()->ToString()}});
  for (const transform::FeatureSchema& feature : model->transform().output_schema()) {
    nlohmann::json entry{{"name", feature.name}, {"kind", transform::NameOf(feature.kind)}};
    if (feature.width != 1) entry["width"] = feature.width;
    if (feature.num_buckets > 0) entry["num_buckets"] = feature.num_buckets;
    described["features"].push_back(std::move(entry));
  }
  // How it came about, where `penstock train` left its record beside it.
  const std::string record_path = fs::Join(folder, "training.json");
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_record, fs::Exists(record_path));
  if (has_record) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text, fs::ReadFile(record_path));
    const auto record = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object()) return DataLoss("{}: not a training record", record_path);
    for (const char* key : {"learner", "loss", "best_eval_loss", "best_iteration", "num_train_examples",
                            "random_seed", "hyperparameters", "warnings"}) {
      if (record.contains(key)) described["training"][key] = record[key];
    }
  }
  return described;
}

std::string Text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void Print(const nlohmann::json& described) {
  for (const char* key : {"model", "task", "output", "size_bytes", "digest"})
    fmt::print("{:<12} {}\n", key, Text(described[key]));
  if (described.contains("classes")) {
    fmt::print("{:<12} {}\n", "classes",
               described["classes"].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  for (const char* section : {"function", "training"}) {
    if (!described.contains(section)) continue;
    fmt::print("\n{}\n", section);
    for (const auto& [key, value] : described[section].items()) fmt::print("  {:<20} {}\n", key, Text(value));
  }
  fmt::print("\ninputs\n");
  for (const auto& input : described.value("inputs", nlohmann::json::array()))
    fmt::print("  {:<32} {}\n", Text(input["name"]), Text(input["type"]));
  fmt::print("\nfeatures\n");
  for (const auto& feature : described.value("features", nlohmann::json::array())) {
    std::string what = Text(feature["kind"]);
    if (feature.contains("width")) what += fmt::format(", {} wide", feature["width"].dump());
    if (feature.contains("num_buckets")) what += fmt::format(", {} ids", feature["num_buckets"].dump());
    fmt::print("  {:<32} {}\n", Text(feature["name"]), what);
  }
}

}  // namespace

void AddModelCommand(CLI::App& cli, Application& application) {
  auto* model = cli.add_subcommand("model", "Look at models");
  model->require_subcommand(1);
  auto* show = model->add_subcommand("show", "Signature, features, size and how the model was trained");
  show->footer("Example: penstock model show examples/taxi/serving");
  struct Options {
    std::string path;
    bool as_json = false;
  };
  auto options = std::make_shared<Options>();
  show->add_option("model", options->path, "Model folder, or a folder of versions (the highest is taken)")
      ->required();
  show->add_flag("--json", options->as_json, "As JSON");
  show->callback([&application, options] {
    application.action = [options]() -> Result<int> {
      PENSTOCK_ASSIGN_OR_RETURN(const nlohmann::json described, Describe(options->path));
      if (options->as_json)
        fmt::print("{}\n", described.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
      else
        Print(described);
      return kExitSucceeded;
    };
  });
}

}  // namespace penstock::apps
