#include "penstock/learning/tuning/tuner.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "penstock/base/digest.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/random_bits.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::learning {
namespace {

// A trial is not judged by its first iterations, nor before so many others are known.
constexpr int64_t kFreeIterations = 2;
constexpr size_t kMinJudges = 3;

nlohmann::json IterationsJson(const std::vector<IterationRecord>& iterations) {
  nlohmann::json losses = nlohmann::json::array();
  for (const IterationRecord& at : iterations)
    losses.push_back(
        {{"iteration", at.iteration}, {"train_loss", at.train_loss}, {"eval_loss", at.eval_loss}});
  return losses;
}

nlohmann::json ToJson(const Trial& trial) {
  const bool has_score = std::isfinite(trial.score);
  return {{"trial_id", fmt::format("{:04}", trial.id)},
          {"hyperparameters", trial.values},
          {"score", has_score ? nlohmann::json(trial.score) : nlohmann::json()},
          {"status", trial.failure.empty() ? "COMPLETED" : "FAILED"},
          {"failure", trial.failure},
          {"stopped_early", trial.is_cut},
          {"max_iterations", trial.max_iterations},
          {"iterations", IterationsJson(trial.iterations)}};
}

double BestUpTo(const Trial& trial, int64_t iteration) {
  double best = std::numeric_limits<double>::infinity();
  for (const IterationRecord& at : trial.iterations) {
    if (at.iteration <= iteration) best = std::min(best, at.eval_loss);
  }
  return best;
}

/// Google Vizier's median rule: worse than the median of what the others had by then.
bool IsPoor(double best, int64_t iteration, const std::vector<Trial>& judges) {
  std::vector<double> others;
  for (const Trial& judge : judges) {
    if (judge.failure.empty() && !judge.iterations.empty()) others.push_back(BestUpTo(judge, iteration));
  }
  if (iteration <= kFreeIterations || others.size() < kMinJudges) return false;
  std::nth_element(others.begin(), others.begin() + others.size() / 2, others.end());
  return best > others[others.size() / 2];
}

/// Better ones first; failed ones last.
bool IsBetter(const Trial& a, const Trial& b) {
  const bool a_counts = a.failure.empty(), b_counts = b.failure.empty();
  if (a_counts != b_counts) return a_counts;
  if (a_counts && a.score != b.score) return a.score < b.score;
  return a.id < b.id;
}

/// The hyperparameter that says how many iterations a training may take.
std::string IterationParameter(const Learner& learner) {
  for (const HyperparameterDescription& known : learner.hyperparameters()) {
    if (known.name == "num_epochs" || known.name == "num_rounds") return known.name;
  }
  return "";
}

}  // namespace

/// What all trials of a search share.
struct Tuner::Round {
  const TrainingData& data;
  ExecutionContext& context;
  std::string fingerprint;
  int64_t num_expected = 1;
  std::vector<Trial> finished;  // In the order of their ids.
  std::string loss;
  std::atomic<int64_t> num_ended{0};
};

nlohmann::json TuningResult::ToJson() const {
  nlohmann::json listed = nlohmann::json::array();
  for (const Trial& trial : trials) listed.push_back(learning::ToJson(trial));
  return {{"objective", "eval_" + loss},
          {"best_trial", fmt::format("{:04}", trials[best_trial].id)},
          {"best_score", trials[best_trial].score},
          {"trials", std::move(listed)}};
}

std::string Tuner::PathOf(int64_t id) const {
  return fs::Join(fs::Join(folder_, kTrialsFolder), fmt::format("trial-{:05}.json", id));
}

bool Tuner::Restore(Trial& trial, const std::string& fingerprint) const {
  if (folder_.empty()) return false;
  const Result<std::string> text = fs::ReadFile(PathOf(trial.id));
  if (!text.ok()) return false;
  const auto kept = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  // Anything that does not fit is no trial of this search: it is run.
  if (!kept.is_object() || kept.value("fingerprint", "") != fingerprint ||
      kept["hyperparameters"] != trial.values ||
      kept.value("max_iterations", int64_t{-1}) != trial.max_iterations || !kept.contains("iterations"))
    return false;
  try {
    for (const auto& at : kept["iterations"])
      trial.iterations.push_back({at.at("iteration"), at.at("train_loss"), at.at("eval_loss")});
    trial.failure = kept.at("failure");
    trial.is_cut = kept.at("stopped_early");
    trial.score =
        kept.at("score").is_number() ? kept["score"].get<double>() : std::numeric_limits<double>::quiet_NaN();
  } catch (const nlohmann::json::exception&) {
    trial.iterations.clear();
    return false;
  }
  return true;
}

Status Tuner::Keep(const Trial& trial, const std::string& fingerprint) const {
  if (folder_.empty()) return OkStatus();
  nlohmann::json kept = learning::ToJson(trial);
  kept["fingerprint"] = fingerprint;
  return fs::WriteFileAtomically(PathOf(trial.id), kept.dump(2) + "\n");
}

Status Tuner::RunTrial(Trial& trial, const Round& round, ExecutionContext& context) const {
  LearnerOptions options;
  options.hyperparameters = trial.values;
  // A rung's trainings end after its iterations; a schedule of the learning rate is that of the rung.
  if (trial.max_iterations > 0) options.hyperparameters[IterationParameter(learner_)] = trial.max_iterations;
  double best = std::numeric_limits<double>::infinity();
  options.on_iteration = [&](const IterationRecord& losses) {
    trial.iterations.push_back(losses);
    best = std::min(best, losses.eval_loss);
    trial.is_cut = space_.stops_poor_trials && IsPoor(best, losses.iteration, round.finished);
    return !trial.is_cut;
  };
  const Result<TrainedModel> trained = learner_.Train(round.data, options, context);
  if (!trained.ok()) {
    // What stopped being a number is the fault of the values; all else of the data or the world.
    const bool diverged = trained.status().message().find("no longer a number") != absl::string_view::npos;
    if (!diverged) return trained.status();
    trial.failure = std::string(trained.status().message());
    trial.score = std::numeric_limits<double>::quiet_NaN();
    return OkStatus();
  }
  trial.score = trained->record.best_eval_loss;
  return OkStatus();
}

Status Tuner::RunTrials(std::vector<Trial> begun, Round& round) const {
  ExecutionOptions inner = round.context.options;
  inner.num_threads =
      std::max<int>(1, inner.ResolvedThreads() / static_cast<int>(std::max<size_t>(begun.size(), 1)));
  ExecutionOptions outer = round.context.options;
  outer.num_threads = static_cast<int>(begun.size());
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(static_cast<int64_t>(begun.size()), outer, [&](int64_t i) -> Status {
    Trial& trial = begun[i];
    if (!Restore(trial, round.fingerprint)) {
      ExecutionContext context{inner, round.context.clock, static_cast<uint64_t>(space_.seed), nullptr};
      PENSTOCK_RETURN_IF_ERROR(RunTrial(trial, round, context));
      PENSTOCK_RETURN_IF_ERROR(Keep(trial, round.fingerprint));
    }
    const int64_t num_ended = ++round.num_ended;
    if (round.context.report_progress) {
      round.context.report_progress(
          static_cast<double>(num_ended) / static_cast<double>(round.num_expected),
          fmt::format("trial {} of {}: {}", num_ended, round.num_expected,
                      trial.failure.empty() ? fmt::format("eval loss {:.5f}", trial.score) : trial.failure));
    }
    return OkStatus();
  }));
  std::move(begun.begin(), begun.end(), std::back_inserter(round.finished));
  return OkStatus();
}

Status Tuner::SearchInRounds(Round& round) const {
  round.num_expected = space_.max_trials;
  bool is_at_end = false;
  for (int64_t id = 0; id < space_.max_trials && !is_at_end;) {
    std::vector<Trial> begun;
    while (static_cast<int64_t>(begun.size()) < space_.parallel_trials && id < space_.max_trials) {
      std::optional<nlohmann::json> values = SuggestValues(space_, id, round.finished);
      is_at_end = !values.has_value();
      if (is_at_end) break;
      begun.push_back({.id = id++, .values = *std::move(values)});
    }
    PENSTOCK_RETURN_IF_ERROR(RunTrials(std::move(begun), round));
  }
  return OkStatus();
}

Status Tuner::SearchInRungs(Round& round) const {
  const std::string parameter = IterationParameter(learner_);
  PENSTOCK_ASSIGN_OR_RETURN(const nlohmann::json defaults,
                            ResolveHyperparameters({}, learner_.hyperparameters()));
  const int64_t most =
      space_.max_iterations > 0 ? space_.max_iterations : defaults.at(parameter).get<int64_t>();
  const auto eta = static_cast<double>(space_.reduction_factor);
  const auto num_rungs =
      static_cast<int64_t>(std::floor(std::log(static_cast<double>(most)) / std::log(eta) + 1e-9));
  const int64_t num_brackets = space_.algorithm == "hyperband" ? num_rungs + 1 : 1;
  int64_t id = 0;
  for (int64_t bracket = 0; bracket < num_brackets; ++bracket) {
    const int64_t first_rung = bracket;  // Later brackets begin with fewer trials and more iterations.
    const double share = std::pow(eta, -static_cast<double>(bracket));
    const auto num_begun = static_cast<int64_t>(std::ceil(static_cast<double>(space_.max_trials) * share));
    round.num_expected += num_begun;
    std::vector<nlohmann::json> survivors;
    for (int64_t i = 0; i < num_begun; ++i) survivors.push_back(*SuggestValues(space_, id + i, {}));
    for (int64_t rung = first_rung; rung <= num_rungs; ++rung) {
      const auto iterations = static_cast<int64_t>(std::max(
          1.0,
          std::round(static_cast<double>(most) * std::pow(eta, -static_cast<double>(num_rungs - rung)))));
      const size_t first_of_rung = round.finished.size();
      for (size_t at = 0; at < survivors.size();) {
        std::vector<Trial> begun;
        for (; at < survivors.size() && static_cast<int64_t>(begun.size()) < space_.parallel_trials; ++at)
          begun.push_back({.id = id++, .values = survivors[at], .max_iterations = iterations});
        PENSTOCK_RETURN_IF_ERROR(RunTrials(std::move(begun), round));
      }
      std::vector<Trial> ranked(round.finished.begin() + static_cast<int64_t>(first_of_rung),
                                round.finished.end());
      std::sort(ranked.begin(), ranked.end(), IsBetter);
      const size_t num_kept = ranked.size() / static_cast<size_t>(space_.reduction_factor);
      survivors.clear();
      for (size_t i = 0; i < std::max<size_t>(num_kept, 1) && i < ranked.size(); ++i)
        survivors.push_back(ranked[i].values);
    }
  }
  return OkStatus();
}

Result<TuningResult> Tuner::Search(const TrainingData& data, ExecutionContext& context) const {
  Round round{.data = data, .context = context};
  DigestBuilder digest;
  digest.Add("tuning/1").Add(space_.learner).Add(space_.algorithm).Add(space_.ToKerasTuner({}).dump());
  digest.Add(space_.seed).Add(data.transform->Serialize()).Add(data.train_name).Add(data.eval_name);
  digest.Add(static_cast<int64_t>(space_.stops_poor_trials));
  round.fingerprint = digest.Finish().ToHex();
  const bool has_rungs = space_.algorithm == "hyperband" || space_.algorithm == "asha";
  if (has_rungs && IterationParameter(learner_).empty())
    return InvalidArgument("The learner '{}' has no number of iterations to save on; use random, grid or tpe",
                           space_.learner);
  PENSTOCK_RETURN_IF_ERROR(has_rungs ? SearchInRungs(round) : SearchInRounds(round));
  if (round.finished.empty()) return InvalidArgument("The search space holds no combination to try");
  TuningResult result;
  result.trials = std::move(round.finished);
  const auto best = std::min_element(result.trials.begin(), result.trials.end(), IsBetter);
  if (!best->failure.empty())
    return InvalidArgument("Every trial failed; the first one: {}", result.trials[0].failure);
  result.best_trial = best - result.trials.begin();
  switch (data.transform->task()) {
    case transform::Task::kBinaryClassification:
      result.loss = "log_loss";
      break;
    case transform::Task::kRegression:
      result.loss = "mean_squared_error";
      break;
    default:
      result.loss = "loss";
      break;
  }
  return result;
}

Status WriteTuningResult(const TuningResult& result, const SearchSpace& space, const std::string& folder) {
  nlohmann::json values = result.trials[result.best_trial].values;
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(folder, kBestHyperparametersFile),
                                                   space.ToKerasTuner(values).dump(2) + "\n"));
  return fs::WriteFileAtomically(fs::Join(folder, kTunerResultsFile), result.ToJson().dump(2) + "\n");
}

}  // namespace penstock::learning
