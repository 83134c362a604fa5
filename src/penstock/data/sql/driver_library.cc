#include "penstock/data/sql/driver_library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <vector>

#include <arrow-adbc/adbc.h>

#include "penstock/base/filesystem.h"
#include "penstock/data/sql/adbc_error.h"

namespace penstock::data::sql {
namespace {

bool IsPath(const std::string& driver) { return driver.find('/') != std::string::npos; }

std::string LibraryName(const std::string& driver) {
  return driver == "duckdb" ? "libduckdb.so" : "libadbc_driver_" + driver + ".so";
}

void AddFolder(const std::string& folder, std::vector<std::string>& folders) {
  if (!folder.empty()) folders.push_back(folder);
}

void AddListedFolders(const char* list, std::vector<std::string>& folders) {
  if (list == nullptr) return;
  std::string_view rest = list;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    AddFolder(std::string(rest.substr(0, end)), folders);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

/// Of the program: beside it where it is installed, in the checkout around it where it is built.
void AddOwnFolders(std::vector<std::string>& folders) {
  char program[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof(program));
  if (length <= 0) return;
  std::string folder = fs::DirName(fs::DirName(std::string_view(program, static_cast<size_t>(length))));
  AddFolder(fs::Join(folder, "lib/penstock"), folders);
  constexpr int kMaxDepth = 4;  // build/release/bin/penstock, and a little more.
  for (int i = 0; i < kMaxDepth && folder.size() > 1; ++i, folder = fs::DirName(folder))
    AddFolder(fs::Join(folder, ".deps/sql_drivers"), folders);
}

/// Where pip puts a driver's wheel.
void AddPythonFolders(const std::string& driver, std::vector<std::string>& folders) {
  const char* environment = std::getenv("VIRTUAL_ENV");
  if (environment == nullptr || *environment == '\0') return;
  const auto found = fs::List(fs::Join(environment, "lib"));
  if (!found.ok()) return;
  for (const auto& entry : *found)
    if (fs::BaseName(entry.path).starts_with("python"))
      AddFolder(fs::Join(entry.path, "site-packages/adbc_driver_" + driver), folders);
}

std::vector<std::string> FoldersFor(const std::string& driver) {
  std::vector<std::string> folders;
  AddListedFolders(std::getenv("PENSTOCK_SQL_DRIVERS"), folders);
  AddOwnFolders(folders);
  AddPythonFolders(driver, folders);
  return folders;
}

Status Missing(const std::string& driver, const std::vector<std::string>& folders) {
  const bool is_in_setup = driver == "sqlite" || driver == "duckdb" || driver == "postgresql" ||
                           driver == "flightsql" || driver == "bigquery" || driver == "snowflake";
  const std::string package = driver == "duckdb" ? "the npm package @duckdb/node-bindings-linux-x64"
                                                 : "the PyPI package adbc-driver-" + driver;
  return NotFound(
      "The SQL driver '{}' is not installed: {}get {}, and set PENSTOCK_SQL_DRIVERS to the folder of its {} "
      "(looked in {})",
      driver, is_in_setup ? fmt::format("run tools/setup_sql_drivers.sh {}, or ", driver) : "", package,
      LibraryName(driver), fmt::join(folders, ", "));
}

/// The open library and its path.
Result<std::pair<void*, std::string>> OpenLibrary(const std::string& driver) {
  constexpr int kFlags = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
  std::vector<std::string> candidates;
  const std::vector<std::string> folders = FoldersFor(driver);
  if (IsPath(driver)) {
    PENSTOCK_RETURN_IF_ERROR(fs::Stat(driver).status());
    candidates.push_back(driver);
  } else {
    for (const std::string& folder : folders) candidates.push_back(fs::Join(folder, LibraryName(driver)));
  }
  for (const std::string& path : candidates) {
    if (access(path.c_str(), R_OK) != 0) continue;
    if (void* library = dlopen(path.c_str(), kFlags)) return std::pair(library, path);
    return FailedPrecondition("The SQL driver {} does not load: {}", path, dlerror());
  }
  if (void* library = dlopen(LibraryName(driver).c_str(), kFlags))
    return std::pair(library, LibraryName(driver));
  return Missing(driver, folders);
}

/// AdbcDriverInit, or the driver's own: libadbc_driver_x.so has AdbcDriverXInit where it has not the first.
AdbcDriverInitFunc FindEntrypoint(void* library, const SqlConnection& connection) {
  std::vector<std::string> names = {"AdbcDriverInit", "duckdb_adbc_init"};
  if (!connection.entrypoint.empty()) names = {connection.entrypoint};
  for (const std::string& name : names)
    if (void* symbol = dlsym(library, name.c_str())) return reinterpret_cast<AdbcDriverInitFunc>(symbol);
  return nullptr;
}

bool IsComplete(const AdbcDriver& driver) {
  return driver.DatabaseNew != nullptr && driver.DatabaseSetOption != nullptr &&
         driver.DatabaseInit != nullptr && driver.DatabaseRelease != nullptr &&
         driver.ConnectionNew != nullptr && driver.ConnectionInit != nullptr &&
         driver.ConnectionRelease != nullptr && driver.StatementNew != nullptr &&
         driver.StatementSetOption != nullptr && driver.StatementSetSqlQuery != nullptr &&
         driver.StatementExecuteQuery != nullptr && driver.StatementRelease != nullptr;
}

}  // namespace

Result<DriverLibrary> DriverLibrary::Load(const SqlConnection& connection) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto opened, OpenLibrary(connection.driver));
  DriverLibrary loaded;
  loaded.path_ = opened.second;
  const AdbcDriverInitFunc init = FindEntrypoint(opened.first, connection);
  if (init == nullptr)
    return InvalidArgument("{} is no ADBC driver: it has no function {}", loaded.path_,
                           connection.entrypoint.empty() ? "AdbcDriverInit" : connection.entrypoint);
  loaded.driver_ = std::shared_ptr<AdbcDriver>(new AdbcDriver{}, [](AdbcDriver* driver) {
    AdbcErrorHolder ignored;
    if (driver->release != nullptr) driver->release(driver, ignored.get());
    delete driver;
  });
  AdbcErrorHolder error;
  AdbcStatusCode code = init(ADBC_VERSION_1_1_0, loaded.driver_.get(), error.get());
  // A driver of the first version leaves alone what came after it.
  if (code == ADBC_STATUS_NOT_IMPLEMENTED) code = init(ADBC_VERSION_1_0_0, loaded.driver_.get(), error.get());
  if (code != ADBC_STATUS_OK)
    return error.ToStatus(code, fmt::format("The SQL driver {} does not start", loaded.path_));
  if (!IsComplete(*loaded.driver_))
    return InvalidArgument("The SQL driver {} is incomplete: it cannot run queries", loaded.path_);
  return loaded;
}

}  // namespace penstock::data::sql
