#include "penstock/apps/evaluation_html.h"

#include "penstock/base/filesystem.h"
#include "penstock/data/tfrecord/record_reader.h"
#include "penstock/evaluation/analysis/model_analysis.h"
#include "penstock/pages/evaluation_page.h"
#include "penstock/pages/page.h"

namespace penstock::apps {
namespace {

/// The messages of all files in `directory` that are called `prefix`, `prefix-00000-of-00001.tfrecord` and so
/// on.
template <class Message>
Result<std::vector<Message>> ReadMessages(const std::string& directory, const std::string& prefix) {
  std::vector<Message> messages;
  PENSTOCK_ASSIGN_OR_RETURN(const auto entries, fs::List(directory));
  for (const auto& entry : entries) {
    const std::string name = fs::BaseName(entry.path);
    const bool is_one_of_them =
        name == prefix || name == prefix + ".tfrecord" || name.starts_with(prefix + "-");
    if (entry.is_directory || !is_one_of_them || name.ends_with(".parquet")) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto source, data::FileSource::Find(entry.path));
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_gzip, data::tfrecord::IsGzip(source));
    PENSTOCK_ASSIGN_OR_RETURN(auto stream, is_gzip ? data::tfrecord::StreamGzip(source)
                                                   : data::tfrecord::StreamRange(source, 0, source.size()));
    data::tfrecord::RecordReader reader(entry.path, std::move(stream));
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto record, reader.Next());
      if (!record.has_value()) break;
      if (!messages.emplace_back().ParseFromArray(record->data(), static_cast<int>(record->size()))) {
        return DataLoss("{}, record {}: not a {}", entry.path, reader.record_number() - 1,
                        Message::descriptor()->full_name());
      }
    }
  }
  return messages;
}

Result<pages::NamedEvaluation> ReadNamedEvaluation(const std::string& directory) {
  pages::NamedEvaluation evaluation;
  evaluation.name = fs::BaseName(fs::Absolute(directory));
  PENSTOCK_ASSIGN_OR_RETURN(evaluation.metrics,
                            ReadMessages<tensorflow_model_analysis::MetricsForSlice>(directory, "metrics"));
  if (evaluation.metrics.empty()) {
    return NotFound(
        "{} holds no evaluation: there is no metrics-00000-of-00001.tfrecord (penstock evaluate -o "
        "writes one)",
        directory);
  }
  PENSTOCK_ASSIGN_OR_RETURN(evaluation.plots,
                            ReadMessages<tensorflow_model_analysis::PlotsForSlice>(directory, "plots"));
  PENSTOCK_ASSIGN_OR_RETURN(
      evaluation.attributions,
      ReadMessages<tensorflow_model_analysis::AttributionsForSlice>(directory, "attributions"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto validations, ReadMessages<tensorflow_model_analysis::ValidationResult>(
                                                        directory, "validations"));
  evaluation.has_validation = !validations.empty();
  if (evaluation.has_validation) evaluation.validation = validations.front();
  const std::string analysis = fs::Join(directory, evaluation::kAnalysisFile);
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_analyzed, fs::Exists(analysis));
  if (is_analyzed) {
    PENSTOCK_ASSIGN_OR_RETURN(evaluation.analysis, fs::ReadFile(analysis));
  }
  return evaluation;
}

}  // namespace

Status WriteEvaluationPage(const std::string& html, const std::vector<std::string>& directories) {
  std::vector<pages::NamedEvaluation> evaluations;
  std::string title = "Evaluation: ";
  for (const std::string& directory : directories) {
    PENSTOCK_ASSIGN_OR_RETURN(auto evaluation, ReadNamedEvaluation(directory));
    title += (evaluations.empty() ? "" : ", ") + evaluation.name;
    evaluations.push_back(std::move(evaluation));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto data, pages::EvaluationPageData(evaluations));
  return pages::WritePage(html, title, data);
}

}  // namespace penstock::apps
