// fuzz-libraries: penstock_data
// Any text as a connection: it is taken or refused with a message, a password in it is never part of that,
// and hiding what a connection holds leaves nothing of it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "penstock/data/sql/sql_connection.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::data::sql;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto checked = CheckConnectionText(text);
  if (checked.ok() && HoldsSecret(text)) std::abort();
  const std::string uri = "postgresql://me:QzQ" + PercentEncode(text) + "QzQ@host/db";
  if (CheckConnectionText(uri).ok()) std::abort();
  if (CheckConnectionText(uri).message().find("QzQ") != absl::string_view::npos) std::abort();
  Secrets secrets;
  secrets.AddOfUri(uri);
  if (secrets.Hide("said of " + uri + " and QzQ" + text + "QzQ").find("QzQ") != std::string::npos)
    std::abort();
  return 0;
}
