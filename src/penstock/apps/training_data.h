#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/apps/command.h"
#include "penstock/learning/learner.h"

namespace penstock::apps {

/// What `train` and `tune` learn from, as their options say.
struct TrainingInput {
  std::string data;               ///< Folder with Split-<name> folders, or files, folders, globs.
  std::vector<std::string> eval;  ///< Files, folders or globs; empty: a split of `data`.
  std::string transform;          ///< Folder with a transform graph, or a features file.
  std::string train_split = "train";
  std::string eval_split = "eval";

  void AddOptions(CLI::App* command);
};

/// Open data sets and the transform, alive together.
struct OpenedTrainingData {
  std::unique_ptr<data::Dataset> train;
  std::unique_ptr<data::Dataset> eval;
  learning::TrainingData data;
};

/// Raw examples are transformed as they are read; a features file is analysed over the train split first.
Result<OpenedTrainingData> OpenTrainingData(const TrainingInput& input, const ExecutionOptions& compute);

/// "k=v" texts as JSON: numbers and booleans by their form, else text. kInvalidArgument names one without
/// '='.
Result<nlohmann::json> ParseParameters(const std::vector<std::string>& parameters);

}  // namespace penstock::apps
