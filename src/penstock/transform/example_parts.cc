#include "penstock/transform/example_parts.h"

#include "penstock/base/filesystem.h"
#include "penstock/transform/declared_examples.h"

namespace penstock::transform {
namespace {

Status CheckTypes(const arrow::Schema& all, const arrow::Schema& part, const std::string& path) {
  for (const auto& field : all.fields()) {
    const auto own = part.GetFieldByName(field->name());
    if (own != nullptr && own->type()->Equals(*field->type())) continue;
    return InvalidArgument(
        "{}: column '{}' is {} there but {} in all files together, so what is known of the file cannot be "
        "kept "
        "by itself; say the types with a schema",
        path, field->name(), own == nullptr ? "missing" : own->type()->ToString(), field->type()->ToString());
  }
  return OkStatus();
}

}  // namespace

Result<ExampleParts> OpenExampleParts(std::span<const std::string> patterns, const arrow::Schema& schema,
                                      const data::DatasetOptions& options,
                                      const ExecutionOptions& execution) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto files, fs::Glob(pattern));
    paths.insert(paths.end(), files.begin(), files.end());
  }
  ExampleParts opened;
  opened.datasets.resize(paths.size());
  opened.parts.resize(paths.size());
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(std::ssize(paths), execution, [&](int64_t at) -> Status {
    const auto i = static_cast<size_t>(at);
    const std::vector<std::string> file = {paths[i]};
    PENSTOCK_ASSIGN_OR_RETURN(opened.datasets[i], OpenDeclaredExamples(file, options, execution));
    PENSTOCK_RETURN_IF_ERROR(CheckTypes(schema, *opened.datasets[i]->schema(), paths[i]));
    PENSTOCK_ASSIGN_OR_RETURN(const Digest bytes, fs::DigestOfTree(paths[i]));
    DigestBuilder content;
    content.Add(bytes).Add(opened.datasets[i]->schema()->ToString());
    opened.parts[i] = {paths[i], content.Finish(), opened.datasets[i].get()};
    return OkStatus();
  }));
  return opened;
}

}  // namespace penstock::transform
