#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"

/// Reading options out of JSON, with errors that name the option (`key`), what it must be and what it is.
/// For this room's .cc files only.
namespace penstock::statistics {

using Json = nlohmann::json;

/// A discarded value where the text is no JSON or nested too deep; `fault` then says why.
Json ParseJson(std::string_view text, std::string& fault);

Status WrongType(const std::string& key, const char* wanted, const Json& value);
Status ReadInteger(const std::string& key, const Json& value, int64_t max, int64_t& out);
Status ReadInteger(const std::string& key, const Json& value, int& out);
Status ReadNumber(const std::string& key, const Json& value, double& out);
Status ReadText(const std::string& key, const Json& value, std::string& out);
/// A feature's name, or its path: a list of one step, also as the JSON text of one (FeaturePath.to_json).
Status ReadFeature(const std::string& key, const Json& value, std::string& out);
/// A list of features, appended.
Status ReadTexts(const std::string& key, const Json& value, std::vector<std::string>& out);

/// The first of `names` that the object has; null. A key's snake and camel case: the JSON of protos has
/// either.
const Json* FindKey(const Json& object, std::initializer_list<const char*> names);
/// kInvalidArgument names a key that is not known, with the nearest.
Status CheckKeys(const std::string& where, const Json& object, std::vector<std::string> known);

}  // namespace penstock::statistics
