#include "penstock/apps/proto_output.h"

#include <google/protobuf/util/json_util.h>

#include "penstock/base/proto_io.h"
#include "penstock/validation/schema_inference.h"

namespace penstock::apps {

void PrintJson(const google::protobuf::Message& message) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  if (google::protobuf::util::MessageToJsonString(message, &json, options).ok()) fmt::print("{}", json);
}

Result<tensorflow::metadata::v0::DatasetFeatureStatistics> ReadWholeDataset(const std::string& file) {
  tensorflow::metadata::v0::DatasetFeatureStatisticsList list;
  PENSTOCK_RETURN_IF_ERROR(ReadProto(file, list));
  const auto whole = validation::WholeDataset(list);
  if (!whole.ok()) return Annotate(whole.status(), file);
  return **whole;
}

}  // namespace penstock::apps
