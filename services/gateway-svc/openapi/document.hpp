#pragma once

#include <string>

#include "routing/router.hpp"

namespace cartwise::gateway {

/// The OpenAPI 3.1 document of every route, built from the contracts and their
/// comments: paths, parameters, schemas, the problem every error answers with.
std::string OpenApiDocument(const Router& router);

}  // namespace cartwise::gateway
