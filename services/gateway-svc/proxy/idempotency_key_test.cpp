#include "proxy/idempotency_key.hpp"

#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"
#include "proxy/call_metadata.hpp"

namespace cartwise::gateway {
namespace {

TEST_CASE("a key is the same bare and in quotes") {
  CHECK(ParseIdempotencyKey("abc-1").value() == "abc-1");
  CHECK(ParseIdempotencyKey("\"abc-1\"").value() == "abc-1");
  CHECK(ParseIdempotencyKey("  abc-1 ").value() == "abc-1");
  CHECK(ParseIdempotencyKey(R"("a\"b\\c")").value() == R"(a"b\c)");
  CHECK(ParseIdempotencyKey("\"two words\"").value() == "two words");
  CHECK(ParseIdempotencyKey(std::string(255, 'x')).value().size() == 255);
  CHECK(ParseIdempotencyKey("\"" + std::string(255, 'x') + "\"").value().size() == 255);
}

TEST_CASE("a key that is none is refused") {
  const std::string text = GENERATE(as<std::string>(), "", "  ", "\"\"", "\"", "\"abc", "abc\"",
                                    "a\"b", R"("a"b")", R"("a\x")", R"("a\")", "\"a\"; p=1",
                                    std::string(256, 'x'), "caf\xc3\xa9", std::string("a\tb"));
  CAPTURE(text);
  CHECK_REFUSED(ParseIdempotencyKey(text), "BAD_IDEMPOTENCY_KEY");
}

TEST_CASE("a well-formed traceparent goes on with a span of ours, any other begins a new trace") {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string next = NextTraceparent("00-" + trace + "-00f067aa0ba902b7-01");
  CHECK(TraceIdOf(next) == trace);
  CHECK(next.size() == 55);
  CHECK(next.find("00f067aa0ba902b7") == std::string::npos);

  const std::string bad = GENERATE(as<std::string>(), "", "x",
                                   "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                   "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                   "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                   "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x");
  CHECK(TraceIdOf(NextTraceparent(bad)) != trace);
  CHECK(NextTraceparent(bad).size() == 55);
}

}  // namespace
}  // namespace cartwise::gateway
