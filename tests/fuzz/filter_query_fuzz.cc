// fuzz-libraries: penstock_metadata
#include <cstdint>
#include <string>

#include "penstock/metadata/filter/filter_query.h"

/// The first byte is the kind of node, the rest the query. Whatever compiles must bind what it has marks for.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using penstock::metadata::filter::CompileFilter;
  using penstock::metadata::filter::NodeKind;
  if (size == 0) return 0;
  const auto kind = static_cast<NodeKind>(data[0] % 3);
  const std::string query(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto filter = CompileFilter(kind, query);
  if (!filter.ok()) {
    if (filter.status().code() != penstock::StatusCode::kInvalidArgument) __builtin_trap();
    return 0;
  }
  size_t num_marks = 0;
  for (const std::string* clause : {&filter->from_clause, &filter->where_clause}) {
    for (const char c : *clause) num_marks += c == '?' ? 1 : 0;
  }
  if (num_marks != filter->values.size()) __builtin_trap();
  return 0;
}
