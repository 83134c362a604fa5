#pragma once

#include <memory>
#include <string>

#include "penstock/base/status.h"
#include "penstock/data/sql/sql_connection.h"

struct AdbcDriver;

namespace penstock::data::sql {

/// A driver of ADBC (Arrow Database Connectivity), loaded: a table of functions. It stays loaded until the
/// program ends, since drivers start threads that outlive their connections. Safe from any thread.
class DriverLibrary {
 public:
  /// Looks for lib<…>.so of the connection's driver in the folders of $PENSTOCK_SQL_DRIVERS, in
  /// lib/penstock beside the program's folder, in .deps/sql_drivers of the checkout the program was built in,
  /// in the Python packages of $VIRTUAL_ENV, and where the system keeps its libraries; a driver given as a
  /// path is that file. kNotFound says which package to install.
  static Result<DriverLibrary> Load(const SqlConnection& connection);

  AdbcDriver* driver() const { return driver_.get(); }
  const std::string& path() const { return path_; }

 private:
  std::shared_ptr<AdbcDriver> driver_;
  std::string path_;
};

}  // namespace penstock::data::sql
