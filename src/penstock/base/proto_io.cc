#include "penstock/base/proto_io.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include "penstock/base/filesystem.h"

namespace penstock {
namespace {

enum class Encoding { kBinary, kText, kJson };

Encoding EncodingOf(const std::string& path) {
  if (path.ends_with(".pbtxt") || path.ends_with(".textproto") || path.ends_with(".txt"))
    return Encoding::kText;
  return path.ends_with(".json") ? Encoding::kJson : Encoding::kBinary;
}

/// Keeps the first error, with its place.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (text_.empty()) text_ = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

Status ParseTextProto(const std::string& text, const std::string& name, google::protobuf::Message& message) {
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(100);
  if (!parser.ParseFromString(text, &message))
    return InvalidArgument("{} is not a {} in text format: {}", name, message.GetDescriptor()->full_name(),
                           error.text());
  return OkStatus();
}

std::string PrintTextProto(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  printer.PrintToString(message, &text);
  return text;
}

std::string SerializeDeterministically(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

Status ReadProto(const std::string& path, google::protobuf::Message& message) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string content, fs::ReadFile(path));
  switch (EncodingOf(path)) {
    case Encoding::kText:
      return ParseTextProto(content, path, message);
    case Encoding::kJson: {
      const auto status = google::protobuf::util::JsonStringToMessage(content, &message);
      if (!status.ok())
        return InvalidArgument("{} is not a {} as JSON: {}", path, message.GetDescriptor()->full_name(),
                               std::string(status.message()));
      return OkStatus();
    }
    case Encoding::kBinary:
      break;
  }
  if (!message.ParseFromString(content))
    return DataLoss("{} is not a {}: its {} bytes do not parse (text format ends in .pbtxt)", path,
                    message.GetDescriptor()->full_name(), content.size());
  return OkStatus();
}

Status WriteProto(const std::string& path, const google::protobuf::Message& message) {
  switch (EncodingOf(path)) {
    case Encoding::kText:
      return fs::WriteFileAtomically(path, PrintTextProto(message));
    case Encoding::kJson: {
      std::string json;
      google::protobuf::util::JsonPrintOptions options;
      options.add_whitespace = true;
      const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
      if (!status.ok()) return Internal("Cannot write {} as JSON: {}", path, std::string(status.message()));
      return fs::WriteFileAtomically(path, json);
    }
    case Encoding::kBinary:
      break;
  }
  return fs::WriteFileAtomically(path, SerializeDeterministically(message));
}

}  // namespace penstock
