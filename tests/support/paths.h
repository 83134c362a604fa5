#pragma once

#include <string>

/// Where the tests find what they do not make themselves. The tree's place is compiled into one
/// object only, so that ccache shares every other one between clones.
namespace penstock::tests {

/// A path of this repository, `.deps/` included; `under` is relative to its root.
std::string SourcePath(const std::string& under);

/// A path of the build that the test belongs to, such as `bin/penstock`.
std::string BuildPath(const std::string& under);

/// TFX's own test data, which `make setup` unpacks from its wheel.
std::string TfxTestData(const std::string& under);

/// Of the folder that $PENSTOCK_TEST_DATA names (design/, conformance/, data/), by default `shared/`
/// beside the repository. It may not exist: such a test skips and says so.
std::string SharedPath(const std::string& under);

}  // namespace penstock::tests
