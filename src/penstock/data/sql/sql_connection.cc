#include "penstock/data/sql/sql_connection.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <yaml-cpp/yaml.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/yaml_fault.h"

namespace penstock::data::sql {
namespace {

const std::vector<std::string>& KnownDrivers() {
  static const std::vector<std::string> kDrivers = {"sqlite",    "duckdb",   "postgresql",
                                                    "flightsql", "bigquery", "snowflake"};
  return kDrivers;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// Of "postgresql://…": "postgresql"; of a profile's name: "".
std::string DriverOf(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == text.npos) return "";
  const std::string scheme = text.substr(0, colon);
  return scheme == "postgres" ? "postgresql" : scheme;
}

std::string WithoutScheme(const std::string& text) {
  std::string rest = text.substr(text.find(':') + 1);
  return rest.starts_with("//") ? rest.substr(2) : rest;
}

/// SQLite takes a name for a file to create. As a URI it can be told to read only.
Status SetSqliteFile(const std::string& path, SqlConnection& connection) {
  if (path.empty() || path == ":memory:")
    return InvalidArgument("A connection to SQLite names a file: sqlite:trips.db");
  PENSTOCK_ASSIGN_OR_RETURN(const auto entry, fs::Stat(path));
  if (entry.is_directory) return InvalidArgument("SQLite needs a file, this is a folder: {}", path);
  std::string encoded;
  for (const char c : fs::Absolute(path)) encoded += c == '/' ? "/" : PercentEncode({&c, 1});
  connection.database_options["uri"] = "file:" + encoded + "?mode=ro";
  return OkStatus();
}

Status SetDuckDbFile(const std::string& path, SqlConnection& connection) {
  if (path.empty() || path == ":memory:") return OkStatus();
  PENSTOCK_RETURN_IF_ERROR(fs::Stat(path).status());
  connection.database_options["path"] = path;
  connection.database_options["access_mode"] = "READ_ONLY";
  return OkStatus();
}

void SetBigQueryProject(const std::string& place, SqlConnection& connection) {
  const size_t slash = place.find('/');
  if (!place.empty()) connection.database_options["adbc.bigquery.sql.project_id"] = place.substr(0, slash);
  if (slash != place.npos)
    connection.database_options["adbc.bigquery.sql.dataset_id"] = place.substr(slash + 1);
}

/// The place as the driver of that name wants to be told it.
Status SetPlace(const std::string& uri, SqlConnection& connection) {
  const std::string scheme = DriverOf(uri);
  const bool is_own = scheme == connection.driver;
  if (connection.driver == "sqlite") return SetSqliteFile(is_own ? WithoutScheme(uri) : uri, connection);
  if (connection.driver == "duckdb") return SetDuckDbFile(is_own ? WithoutScheme(uri) : uri, connection);
  if (connection.driver == "bigquery") {
    SetBigQueryProject(is_own ? WithoutScheme(uri) : uri, connection);
  } else if (!uri.empty()) {
    const bool is_stripped = is_own && connection.driver != "postgresql";
    connection.database_options["uri"] = is_stripped ? uri.substr(uri.find(':') + 1) : uri;
  }
  return OkStatus();
}

/// ${NAME} in a value of a profile. What comes from the environment is never shown.
Result<std::string> Expand(const std::string& text, const std::string& where, Secrets& secrets) {
  std::string expanded;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find("${", at);
    expanded += text.substr(at, begin - at);
    if (begin == text.npos) break;
    const size_t end = text.find('}', begin);
    if (end == text.npos) return InvalidArgument("{}: a ${{ has no }}", where);
    const std::string name = text.substr(begin + 2, end - begin - 2);
    const std::string value = Variable(name.c_str());
    if (value.empty()) return NotFound("{} wants the environment variable {}, which is not set", where, name);
    secrets.Add(value);
    expanded += value;
    at = end + 1;
  }
  return expanded;
}

/// A profile: a map of texts, and of maps of texts.
class ProfileReader {
 public:
  ProfileReader(std::string where, SqlConnection& connection)
      : where_(std::move(where)), connection_(connection) {}

  Status Read(const YAML::Node& profile) {
    if (!profile.IsMap()) return InvalidArgument("{} has to be a map with driver and uri", where_);
    static const std::vector<std::string> kKeys = {"driver",     "uri",     "username",         "password",
                                                   "entrypoint", "options", "statement_options"};
    std::string uri, username, password;
    for (const auto& entry : profile) {
      const std::string key = entry.first.Scalar();
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
        return InvalidArgument("{} has no '{}'{} (it has {})", where_, key, DidYouMean(key, kKeys),
                               fmt::join(kKeys, ", "));
      if (key == "options" || key == "statement_options") {
        PENSTOCK_RETURN_IF_ERROR(
            ReadOptions(key, entry.second,
                        key == "options" ? connection_.database_options : connection_.statement_options));
        continue;
      }
      PENSTOCK_ASSIGN_OR_RETURN(const std::string value, Text(key, entry.second));
      if (key == "driver") connection_.driver = value == "postgres" ? "postgresql" : value;
      if (key == "uri") uri = value;
      if (key == "username") username = value;
      if (key == "password") password = value;
      if (key == "entrypoint") connection_.entrypoint = value;
    }
    if (connection_.driver.empty())
      return InvalidArgument("{} names no driver (known are {}, or the path of a driver's library)", where_,
                             fmt::join(KnownDrivers(), ", "));
    connection_.secrets.AddOfUri(uri);
    PENSTOCK_RETURN_IF_ERROR(Annotate(SetPlace(uri, connection_), where_));
    return SetUser(username, password);
  }

 private:
  Result<std::string> Text(const std::string& key, const YAML::Node& value) {
    if (!value.IsScalar()) return InvalidArgument("{}: {} has to be a text", where_, key);
    PENSTOCK_ASSIGN_OR_RETURN(
        std::string text, Expand(value.Scalar(), fmt::format("{}, {}", where_, key), connection_.secrets));
    if (IsSecretName(key)) connection_.secrets.Add(text);
    return text;
  }

  Status ReadOptions(const std::string& what, const YAML::Node& given,
                     std::map<std::string, std::string>& options) {
    if (!given.IsMap()) return InvalidArgument("{}: {} has to be a map", where_, what);
    for (const auto& entry : given) {
      PENSTOCK_ASSIGN_OR_RETURN(options[entry.first.Scalar()], Text(entry.first.Scalar(), entry.second));
    }
    return OkStatus();
  }

  /// PostgreSQL's driver is told everything by the URI, the others take options of ADBC's names.
  Status SetUser(const std::string& username, const std::string& password) {
    if (username.empty() && password.empty()) return OkStatus();
    if (connection_.driver == "sqlite" || connection_.driver == "duckdb")
      return InvalidArgument("{}: {} knows no users and no passwords", where_, connection_.driver);
    if (connection_.driver != "postgresql") {
      if (!username.empty()) connection_.database_options["username"] = username;
      if (!password.empty()) connection_.database_options["password"] = password;
      return OkStatus();
    }
    std::string& uri = connection_.database_options["uri"];
    for (const auto& [name, value] : {std::pair("user", username), std::pair("password", password)})
      if (!value.empty())
        uri += fmt::format("{}{}={}", uri.find('?') == uri.npos ? '?' : '&', name, PercentEncode(value));
    return OkStatus();
  }

  const std::string where_;
  SqlConnection& connection_;
};

Status ReadProfile(const std::string& name, SqlConnection& connection) {
  const std::string path = ConnectionsFile();
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(path));
  if (!exists)
    return NotFound(
        "The connection '{}' is no URI, so it has to be a profile, but there is no file {} (write {} to it, "
        "or set PENSTOCK_CONNECTIONS)",
        name, path, "a map of profiles, each with driver and uri,");
  PENSTOCK_ASSIGN_OR_RETURN(const std::string content, fs::ReadFile(path));
  try {
    const YAML::Node file = YAML::Load(content);
    if (!file.IsMap()) return InvalidArgument("{} has to be a map of profiles", path);
    std::vector<std::string> names;
    for (const auto& entry : file) names.push_back(entry.first.Scalar());
    if (std::find(names.begin(), names.end(), name) == names.end())
      return NotFound("There is no connection '{}' in {}{} (it has: {})", name, path, DidYouMean(name, names),
                      fmt::join(names, ", "));
    return ProfileReader(fmt::format("{}, connection '{}'", path, name), connection).Read(file[name]);
  } catch (const YAML::Exception& error) {
    // What yaml-cpp says quotes nothing of the file.
    return InvalidArgument("{}", DescribeYamlFault(path, content, error.mark.line, error.mark.column,
                                                   fmt::format("the file is no YAML: {}", error.msg)));
  }
}

}  // namespace

std::string ConnectionsFile() {
  if (const std::string path = Variable("PENSTOCK_CONNECTIONS"); !path.empty()) return path;
  std::string folder = Variable("XDG_CONFIG_HOME");
  if (folder.empty()) folder = fs::Join(Variable("HOME"), ".config");
  return fs::Join(folder, "penstock/connections.yaml");
}

Status CheckConnectionText(const std::string& text) {
  if (text.empty())
    return InvalidArgument(
        "A query needs a connection: a URI such as duckdb: or sqlite:trips.db, or a profile");
  const std::string driver = DriverOf(text);
  const auto& known = KnownDrivers();
  if (!driver.empty() && std::find(known.begin(), known.end(), driver) == known.end()) {
    // A mistyped scheme must not bring the password of the rest into the message.
    return InvalidArgument(
        "There is no SQL driver '{}'{} (known are {}; any other is named by a profile in {})", driver,
        DidYouMean(driver, known), fmt::join(known, ", "), ConnectionsFile());
  }
  if (HoldsSecret(text))
    return InvalidArgument(
        "The connection holds a password, which the pipeline, its metadata and logs would keep: leave it out "
        "and {}give the password in a profile in {}",
        driver == "postgresql" ? "set PGPASSWORD, or " : "", ConnectionsFile());
  return OkStatus();
}

Result<SqlConnection> FindSqlConnection(const std::string& text) {
  PENSTOCK_RETURN_IF_ERROR(CheckConnectionText(text));
  SqlConnection connection;
  connection.name = text;
  connection.driver = DriverOf(text);
  // libpq reads this by itself; its messages might show it.
  connection.secrets.Add(Variable("PGPASSWORD"));
  if (connection.driver.empty()) {
    PENSTOCK_RETURN_IF_ERROR(connection.secrets.Hide(ReadProfile(text, connection)));
    return connection;
  }
  PENSTOCK_RETURN_IF_ERROR(SetPlace(text, connection));
  return connection;
}

}  // namespace penstock::data::sql
