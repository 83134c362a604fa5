#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/data/dataset.h"

namespace penstock::data {

// A dataset's columns for those who hold no Arrow types.

std::vector<std::string> ColumnNames(const Dataset& dataset);
/// Whether both have the same columns of the same types, in the same order.
bool HaveEqualColumns(const Dataset& a, const Dataset& b);
/// A schema that declares each column as it is here, so that other files are read with the same types. Never
/// null.
std::shared_ptr<tensorflow::metadata::v0::Schema> DeclareColumns(const Dataset& dataset);

}  // namespace penstock::data
