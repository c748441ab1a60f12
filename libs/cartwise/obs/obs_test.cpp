#include <atomic>
#include <future>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "cartwise/obs/json_text.hpp"
#include "cartwise/obs/metrics.hpp"
#include "cartwise/obs/probe_server.hpp"

namespace cartwise::obs {
namespace {

std::string JsonText(std::string_view text) {
  std::string out;
  AppendJsonText(out, text);
  return out;
}

std::string Exchange(int port, const std::string& request) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)});
  boost::system::error_code error;
  boost::asio::write(socket, boost::asio::buffer(request), error);
  std::string answer;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
  return answer;
}

std::string Get(int port, const std::string& path) {
  return Exchange(port, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

}  // namespace

TEST_CASE("log text is one line of valid JSON whatever a client sent", "[obs]") {
  CHECK(JsonText("plain") == "\"plain\"");
  CHECK(JsonText("a\"b\\c\n\t\x01\x7f") == R"("a\"b\\c\n\t\u0001\u007f")");
  CHECK(JsonText("סניף") == "\"סניף\"");
  CHECK(JsonText("\xff\xc0\xaf") == "\"\uFFFD\uFFFD\uFFFD\"");
  CHECK(JsonText("\xed\xa0\x80") == "\"\uFFFD\uFFFD\uFFFD\"");
  CHECK(JsonText("\xf0\x9f\x9b") == "\"\uFFFD\uFFFD\uFFFD\"");
  CHECK(JsonText("\xf0\x9f\x9b\x92") == "\"\xf0\x9f\x9b\x92\"");
}

TEST_CASE("counters add up per label and gauges keep the last value", "[obs]") {
  Metrics metrics;
  metrics.Describe("cartwise_test_total", "Things tested.");

  metrics.Count("cartwise_test_total", {{"kind", "a"}});
  metrics.Count("cartwise_test_total", {{"kind", "a"}}, 2);
  metrics.Count("cartwise_test_total", {{"kind", "b"}});
  metrics.Gauge("cartwise_test_depth", {}, 5);
  metrics.Gauge("cartwise_test_depth", {}, 4);
  metrics.Seconds("cartwise_test_seconds", {}, 0.02);

  const std::string text = metrics.Text();
  CHECK_THAT(text, Catch::Contains("# HELP cartwise_test_total Things tested."));
  CHECK_THAT(text, Catch::Contains("cartwise_test_total{kind=\"a\"} 3"));
  CHECK_THAT(text, Catch::Contains("cartwise_test_total{kind=\"b\"} 1"));
  CHECK_THAT(text, Catch::Contains("cartwise_test_depth 4"));
  CHECK_THAT(text, Catch::Contains("cartwise_test_seconds_bucket{le=\"0.01\"} 0"));
  CHECK_THAT(text, Catch::Contains("cartwise_test_seconds_bucket{le=\"0.025\"} 1"));
  CHECK_THAT(text, Catch::Contains("process_resident_memory_bytes "));
}

TEST_CASE("the probe server answers health, readiness and metrics", "[obs]") {
  Metrics metrics;
  metrics.Count("cartwise_seen_total");
  absl::Status ready = absl::UnavailableError("the database does not answer");
  auto server = ProbeServer::Start("127.0.0.1:0", metrics, [&] { return ready; });
  REQUIRE(server.ok());
  const int port = (*server)->port();

  CHECK_THAT(Get(port, "/healthz"), Catch::StartsWith("HTTP/1.1 200"));
  CHECK_THAT(Get(port, "/metrics"), Catch::Contains("cartwise_seen_total 1"));
  CHECK_THAT(Get(port, "/readyz"),
             Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("the database does not answer"));
  CHECK_THAT(Get(port, "/etc/passwd"), Catch::StartsWith("HTTP/1.1 404"));
  ready = absl::OkStatus();
  CHECK_THAT(Get(port, "/readyz"), Catch::StartsWith("HTTP/1.1 200"));
  (*server)->Drain();
  CHECK_THAT(Get(port, "/readyz"),
             Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("draining"));
  CHECK_THAT(Get(port, "/healthz"), Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("a check that takes long holds up nothing but its own answer", "[obs]") {
  Metrics metrics;
  std::promise<void> begun, over;
  std::atomic<int> checks = 0;
  auto server = ProbeServer::Start("127.0.0.1:0", metrics, [&] {
    if (++checks == 1) {
      begun.set_value();
      over.get_future().wait_for(std::chrono::seconds(20));
    }
    return absl::OkStatus();
  });
  REQUIRE(server.ok());
  const int port = (*server)->port();

  auto readiness = std::async(std::launch::async, [&] { return Get(port, "/readyz"); });
  begun.get_future().wait();
  CHECK_THAT(Get(port, "/healthz"), Catch::StartsWith("HTTP/1.1 200"));
  CHECK_THAT(readiness.get(),
             Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("not known in time"));
  CHECK_THAT(Get(port, "/readyz"), Catch::StartsWith("HTTP/1.1 503"));

  over.set_value();
  while (checks == 1) Get(port, "/readyz");
  CHECK_THAT(Get(port, "/readyz"), Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("the probe server drops a request it need not understand", "[obs]") {
  Metrics metrics;
  auto server = ProbeServer::Start("127.0.0.1:0", metrics, nullptr);
  REQUIRE(server.ok());
  const int port = (*server)->port();

  CHECK(Exchange(port, "GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n").empty());
  CHECK(Exchange(port, "POST /metrics HTTP/1.1\r\nContent-Length: 999\r\n\r\n").empty());
  CHECK_THAT(Get(port, "/healthz"), Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("a port that is taken is said so", "[obs]") {
  Metrics metrics;
  auto first = ProbeServer::Start("127.0.0.1:0", metrics, nullptr);
  REQUIRE(first.ok());

  const auto second =
      ProbeServer::Start("127.0.0.1:" + std::to_string((*first)->port()), metrics, nullptr);

  CHECK(second.status().code() == absl::StatusCode::kUnavailable);
}

}  // namespace cartwise::obs
