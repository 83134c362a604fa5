#include "penstock/base/storage_uri.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "penstock/base/near_miss.h"

namespace penstock::fs {
namespace {

constexpr StorageScheme kSchemes[] = {
    {"s3", "bucket",
     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE of ~/.aws; AWS_REGION; and "
     "AWS_ENDPOINT_URL where the store is not Amazon's"},
    {"gs", "bucket", "GOOGLE_APPLICATION_CREDENTIALS, or log in by gcloud auth application-default login"},
    {"gcs", "bucket", "GOOGLE_APPLICATION_CREDENTIALS, or log in by gcloud auth application-default login"},
    {"abfs", "container", "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in by az login"},
    {"abfss", "container", "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in by az login"},
    {"hdfs", "name node", "HADOOP_HOME, JAVA_HOME and CLASSPATH (hadoop classpath --glob)"},
};

/// Whether a NAME=VALUE behind the question mark is one of those that hold secrets.
bool HasSecretSetting(std::string_view uri) {
  static constexpr std::string_view kSecret[] = {
      "password",         "sslpassword",          "passwd",       "pwd",   "secret_key", "secret",
      "client_secret",    "secret_access_key",    "access_token", "token", "sig",        "x-amz-signature",
      "x-goog-signature", "x-amz-security-token", "account_key"};
  for (size_t at = uri.find('?'); at < uri.size();) {
    const size_t end = std::min(uri.find_first_of("&;", at + 1), uri.size());
    const std::string_view setting = uri.substr(at + 1, end - at - 1);
    const size_t equals = setting.find('=');
    std::string name(setting.substr(0, equals));
    for (char& letter : name) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (equals != setting.npos && equals + 1 < setting.size() &&
        std::find(std::begin(kSecret), std::end(kSecret), name) != std::end(kSecret))
      return true;
    at = end;
  }
  return false;
}

}  // namespace

bool IsRemote(std::string_view path) { return path.find("://") != path.npos && !path.starts_with("file://"); }

bool IsObjectStorage(std::string_view path) {
  const size_t colon = path.find("://");
  return colon != path.npos && FindStorageScheme(path.substr(0, colon)) != nullptr;
}

const StorageScheme* FindStorageScheme(std::string_view name) {
  const auto* found = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                   [&](const StorageScheme& scheme) { return scheme.name == name; });
  return found == std::end(kSchemes) ? nullptr : found;
}

StorageUri SplitStorageUri(std::string_view uri) {
  const size_t colon = uri.find("://");
  const std::string_view rest = uri.substr(colon + 3);
  const size_t slash = std::min(rest.find('/'), rest.size());
  return {uri.substr(0, colon), rest.substr(0, slash), rest.substr(std::min(slash + 1, rest.size()))};
}

bool HoldsPassword(std::string_view uri) {
  const size_t scheme = uri.find("://");
  if (scheme == uri.npos) return false;
  if (HasSecretSetting(uri)) return true;
  const std::string_view rest = uri.substr(scheme + 3);
  const std::string_view place = rest.substr(0, rest.find('/'));
  const size_t colon = place.find(':');
  if (colon == place.npos) return false;
  if (place.find('@', colon) != place.npos) return true;
  // A secret key may hold slashes, and ends the place too early; what follows a colon otherwise is a port.
  const std::string_view port = place.substr(colon + 1);
  return rest.find('@', colon) != rest.npos && port.find_first_not_of("0123456789") != port.npos;
}

Status CheckStorageUri(std::string_view uri) {
  const StorageUri parts = SplitStorageUri(uri);
  const StorageScheme* scheme = FindStorageScheme(parts.scheme);
  if (scheme == nullptr) {
    std::vector<std::string> known = {"file"};
    for (const StorageScheme& each : kSchemes) known.emplace_back(each.name);
    return InvalidArgument("There is no storage of the scheme '{}'{} (known are {})", parts.scheme,
                           DidYouMean(parts.scheme, known), fmt::join(known, ", "));
  }
  if (HoldsPassword(uri))
    return InvalidArgument(
        "A {}:// path holds a password, which the pipeline, its metadata and logs would keep: leave it out "
        "and set {}",
        parts.scheme, scheme->settings);
  if (parts.place.empty() && parts.scheme != "hdfs")
    return InvalidArgument("A path names no {}: it has to be {}://{}/PATH", scheme->place, parts.scheme,
                           scheme->place);
  return OkStatus();
}

}  // namespace penstock::fs
