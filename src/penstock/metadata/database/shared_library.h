#pragma once

#include <string>

#include "penstock/base/status.h"

namespace penstock::metadata::database {

/// A system library that is loaded when it is first needed and stays.
class SharedLibrary {
 public:
  /// `package`: Debian's name of what to install, for the message. kFailedPrecondition: it is not there.
  static Result<SharedLibrary> Load(const std::string& file, const std::string& package);
  /// Puts the function's address into `function`; kFailedPrecondition where the library has none.
  template <class Function>
  Status Find(const char* name, Function*& function) const {
    PENSTOCK_ASSIGN_OR_RETURN(void* const address, Address(name));
    function = reinterpret_cast<Function*>(address);
    return OkStatus();
  }

 private:
  SharedLibrary(void* handle, std::string file) : handle_(handle), file_(std::move(file)) {}
  Result<void*> Address(const char* name) const;

  void* handle_;
  std::string file_;
};

}  // namespace penstock::metadata::database
