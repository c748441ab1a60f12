#pragma once

#include <catch2/catch.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/ids.hpp"

namespace cartwise::testing {

template <typename T>
std::string Describe(const T& result) {
  if constexpr (requires { result.status(); }) {
    return result.status().ToString();
  } else {
    return result.ToString();
  }
}

template <typename T>
std::string ReasonOf(const T& result) {
  if constexpr (requires { result.status(); }) {
    return errors::Reason(result.status());
  } else {
    return errors::Reason(result);
  }
}

}  // namespace cartwise::testing

/// Ids are shown where a check fails.
template <typename Tag>
struct Catch::StringMaker<cartwise::StrongId<Tag>> {
  static std::string convert(const cartwise::StrongId<Tag>& id) { return id.value(); }
};

/// Passes for an OK status or StatusOr; prints the status otherwise.
#define REQUIRE_OK(expr)                            \
  do {                                              \
    const auto& cw_result = (expr);                 \
    INFO(::cartwise::testing::Describe(cw_result)); \
    REQUIRE(cw_result.ok());                        \
  } while (false)

/// Passes for a refusal with this reason.
#define CHECK_REFUSED(expr, reason)                              \
  do {                                                           \
    const auto& cw_result = (expr);                              \
    INFO(::cartwise::testing::Describe(cw_result));              \
    CHECK(::cartwise::testing::ReasonOf(cw_result) == (reason)); \
  } while (false)
