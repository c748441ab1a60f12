#include "routing/path_template.hpp"

#include <catch2/catch.hpp>

namespace cartwise::gateway {
namespace {

TEST_CASE("a path template gives its segments and variables") {
  const auto path = PathTemplate::Parse("/api/branches/{branch_id}/carts/{cart.id=*}");
  REQUIRE(path.ok());
  CHECK(path->segments().size() == 5);
  CHECK(path->Variables() == std::vector<std::string>{"branch_id", "cart.id"});
  CHECK(path->ToString() == "/api/branches/{branch_id}/carts/{cart.id}");
}

TEST_CASE("a path that cannot be served is refused") {
  const char* text = GENERATE("", "api/carts", "/", "/api//carts", "/api/carts/", "/api/{}",
                              "/api/{name=shelves/*}", "/api/{name=**}", "/api/**", "/api/*",
                              "/api/{id}:cancel", "/api/carts:assign", "/api/{a}/{a}", "/api/{.a}",
                              "/api/..", "/api/a b", "/api/{id", "/api/x{id}");
  CAPTURE(text);
  CHECK_FALSE(PathTemplate::Parse(text).ok());
}

}  // namespace
}  // namespace cartwise::gateway
