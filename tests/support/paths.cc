#include "tests/support/paths.h"

#include <cstdlib>

namespace penstock::tests {

std::string SourcePath(const std::string& under) { return PENSTOCK_SOURCE_DIR "/" + under; }

std::string BuildPath(const std::string& under) { return PENSTOCK_BINARY_DIR "/" + under; }

std::string TfxTestData(const std::string& under) {
  return SourcePath(".deps/wheels/tfx/tfx/components/testdata/" + under);
}

std::string SharedPath(const std::string& under) {
  const char* configured = std::getenv("PENSTOCK_TEST_DATA");
  return (configured != nullptr ? configured : SourcePath("../shared")) + "/" + under;
}

}  // namespace penstock::tests
