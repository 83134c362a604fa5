#pragma once

#include <string>

#include "penstock/model/tflite/tflite_builder.h"

namespace penstock::model::tflite {

/// The graph as the bytes of a .tflite file (schema version 3), with the signature serving_default.
std::string WriteFile(const FileGraph& graph);

}  // namespace penstock::model::tflite
