#pragma once

#include <string>

#include <google/protobuf/message.h>

#include "penstock/base/status.h"

namespace penstock {

/// Reads a message from `path`: text format when it ends in .pbtxt, .textproto or .txt,
/// JSON when it ends in .json, else binary. The message names the file, and for text the line and column.
Status ReadProto(const std::string& path, google::protobuf::Message& message);
/// Writes by the same rule, atomically. Binary is deterministic: equal messages, equal bytes.
Status WriteProto(const std::string& path, const google::protobuf::Message& message);

/// Text format from memory; `name` stands for the file in messages.
Status ParseTextProto(const std::string& text, const std::string& name, google::protobuf::Message& message);
std::string PrintTextProto(const google::protobuf::Message& message);
std::string SerializeDeterministically(const google::protobuf::Message& message);

}  // namespace penstock
