#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "penstock/data/batch.h"

/// What the tests of exported models share: rows to ask with, and a runtime's own Python to ask.
namespace penstock::tests {

/// 1,000 rows with missing numbers and texts, tokens never seen, text beyond ASCII, huge numbers. Numbers are
/// floats', as tf.Examples hold them.
data::Batch StrangeRows();
/// Column -> list of values, null where missing.
nlohmann::json AsJson(const data::Batch& rows);

/// Whether tools/unpack_client.sh has unpacked `name` under .deps/.
bool HasClient(const std::string& name);
/// What tests/parity/<script> with the packages of client `name` prints, asked with `arguments`.
nlohmann::json RunClient(const std::string& name, const std::string& script, const std::string& arguments);

}  // namespace penstock::tests
