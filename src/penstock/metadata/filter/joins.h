#pragma once

#include <string>
#include <string_view>

#include "penstock/metadata/filter/columns.h"

namespace penstock::metadata::filter {

/// The join that brings a neighbour in, written as ML Metadata writes it: some messages show it. `property`
/// is what stands for the property's name and `custom` for whether it is a custom one; of other neighbours
/// unused.
std::string JoinText(Neighbour neighbour, NodeKind kind, std::string_view alias, std::string_view property,
                     std::string_view custom);

/// "Artifact AS table_0 "
std::string BaseTable(NodeKind kind);

}  // namespace penstock::metadata::filter
