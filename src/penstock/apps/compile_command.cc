#include "penstock/apps/command.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/pipeline/yaml_pipeline.h"

namespace penstock::apps {

void AddCompileCommand(CLI::App& cli, Application& application) {
  struct Options {
    std::string pipeline, output;
  };
  auto* command = cli.add_subcommand("compile", "Compile a pipeline to KFP's IR");
  command->footer("Example: penstock compile examples/taxi/pipeline.yaml -o ir.yaml");
  auto options = std::make_shared<Options>();
  command->add_option("pipeline", options->pipeline, "Pipeline file (YAML)")->required();
  command->add_option("-o,--output", options->output, "IR to write: YAML, or JSON when it ends in .json")
      ->required();
  command->callback([&application, options] {
    application.action = [&application, options]() -> Result<int> {
      PENSTOCK_ASSIGN_OR_RETURN(const auto ir,
                                pipeline::LoadPipeline(options->pipeline, application.components));
      PENSTOCK_RETURN_IF_ERROR(pipeline::ViewPipeline(ir).status());
      PENSTOCK_RETURN_IF_ERROR(pipeline::WritePipelineIr(options->output, ir));
      return kExitSucceeded;
    };
  });
}

}  // namespace penstock::apps
