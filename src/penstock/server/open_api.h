#pragma once

#include <nlohmann/json.hpp>

#include "penstock/server/router.h"

namespace penstock::server {

/// The API as an OpenAPI 3.0 document, made of the routes themselves.
nlohmann::json OpenApiDocument(const Router& router);

}  // namespace penstock::server
