#pragma once

#include <string>

#include "routing/router.hpp"

namespace cartwise::gateway {

/// The OpenAPI 3.1 description of every route, with the comments of the
/// contracts. Made once, at start.
std::string OpenApiDocument(const Router& router);

}  // namespace cartwise::gateway
