#include "http/connection.hpp"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

/// Asked of the socket at once while a head is read.
constexpr size_t kOneRead = 2048;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

/// A refused body up to this size is read to its end, so that the connection
/// can go on.
constexpr uint64_t kWorthReading = 64 * 1024;
/// A year without plain HTTP, for this name alone: of others we know nothing.
constexpr char kHsts[] = "max-age=31536000; includeSubDomains";
constexpr std::chrono::seconds kLingerTime{2};
constexpr size_t kLingerBytes = 64 * 1024 * 1024;

constexpr std::string_view kSuspicious("\r\n\0", 3);

bool HasBody(const auto& parser) {
  return parser.chunked() || parser.content_length().value_or(0) > 0;
}

/// Faults of framing that the parser lets pass: who reads them differently in
/// front of us would see another request than we do.
bool IsFramedClearly(const http::request<http::string_body>& request, bool chunked) {
  if (request.count(http::field::transfer_encoding) > 0) {
    const bool only_chunked =
        request.count(http::field::transfer_encoding) == 1 &&
        absl::EqualsIgnoreCase(std::string(request[http::field::transfer_encoding]), "chunked");
    if (!only_chunked || !chunked || request.version() < 11) return false;
  }
  const size_t hosts = request.count(http::field::host);
  return hosts == 1 || (hosts == 0 && request.version() < 11);
}

/// False for line ends and characters of a head that readers take differently:
/// a lone CR or LF, a folded line, a NUL. The parser would unfold lines. `text`
/// may end anywhere, and begins after what was seen before.
bool IsPlain(std::string_view text) {
  for (size_t i = text.find_first_of(kSuspicious); i != text.npos;
       i = text.find_first_of(kSuspicious, i + 1)) {
    if (text[i] == '\0') return false;
    if (text[i] == '\n' && i > 0 && text[i - 1] != '\r') return false;
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] != '\n') return false;
    const bool line_begins = text[i] == '\n' && i + 1 < text.size();
    if (line_begins && (text[i + 1] == ' ' || text[i + 1] == '\t')) return false;
  }
  return true;
}

RequestHead HeadOf(const http::request<http::string_body>& request, const std::string& peer,
                   bool has_body) {
  RequestHead head;
  head.method = std::string(request.method_string());
  head.target = std::string(request.target());
  head.fields = &request.base();
  head.peer = peer;
  head.has_body = has_body;
  return head;
}

std::string Serialize(const Answer& answer, bool keep) {
  std::string head = absl::StrCat(
      "HTTP/1.1 ", answer.status, " ", std::string(StatusTitle(answer.status)), "\r\nDate: ",
      absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()), "\r\n");
  // A 204 has no body and says so by its status.
  if (answer.status != 204) {
    absl::StrAppend(&head, "Content-Type: ", answer.content_type,
                    "\r\nContent-Length: ", answer.Body().size(), "\r\n");
  }
  for (const auto& [name, value] : answer.headers)
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  absl::StrAppend(&head, keep ? "" : "Connection: close\r\n", "\r\n");
  return head;
}

}  // namespace

Connection::Connection(Socket socket, Tls::Context tls, const Api& api, Outbound& outbound,
                       const HttpLimits& limits)
    : stream_(std::move(socket), std::move(tls)),
      buffer_(limits.header_bytes + kOneRead),
      api_(api),
      outbound_(outbound),
      limits_(limits) {
  error_code gone;
  const auto peer = stream_.tcp().socket().remote_endpoint(gone);
  if (!gone) peer_ = peer.address().to_string();
  stream_.tcp().socket().set_option(asio::ip::tcp::no_delay(true), gone);
  BeginWaiting();
}

void Connection::Drain() {
  draining_ = true;
  if (idle_) stream_.tcp().cancel();
}

void Connection::GiveWay() {
  draining_ = true;
  waiting_since_.reset();
  stream_.tcp().cancel();
}

asio::awaitable<void> Connection::Run() {
  bool first = true;
  if (co_await Handshake()) {
    while (!draining_ && co_await ServeOne(first)) first = false;
  }
  error_code ignored;
  stream_.tcp().socket().close(ignored);
}

asio::awaitable<bool> Connection::Handshake() {
  BeginWaiting();
  idle_ = true;
  stream_.tcp().expires_after(limits_.handshake_time);
  const bool agreed = co_await stream_.Handshake();
  idle_ = false;
  co_return agreed;
}

asio::awaitable<bool> Connection::AwaitFirstByte(bool first) {
  if (buffer_.size() > 0) co_return true;
  if (buffer_.capacity() > limits_.header_bytes) buffer_.shrink_to_fit();
  BeginWaiting();
  idle_ = true;
  stream_.tcp().expires_after(first ? limits_.header_time : limits_.idle_time);
  const auto [fault, size] = co_await stream_.async_read_some(buffer_.prepare(kOneRead), kTuple);
  idle_ = false;
  buffer_.commit(size);
  co_return !fault && size > 0;
}

/// Reads on until the buffer holds a whole head that is plain.
asio::awaitable<error_code> Connection::FillHead() {
  for (size_t seen = 0;;) {
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    const size_t from = seen < 3 ? 0 : seen - 3;
    const size_t end = bytes.find("\r\n\r\n", from);
    if (!IsPlain(bytes.substr(from, end == bytes.npos ? end : end + 4 - from))) {
      co_return http::error::bad_value;
    }
    if (end != bytes.npos) co_return error_code();
    if (bytes.size() > limits_.header_bytes) co_return http::error::header_limit;
    seen = bytes.size();
    const auto [fault, size] = co_await stream_.async_read_some(buffer_.prepare(kOneRead), kTuple);
    if (fault) co_return fault;
    buffer_.commit(size);
  }
}

asio::awaitable<error_code> Connection::ReadHead(Parser& parser) {
  BeginWaiting();
  stream_.tcp().expires_after(limits_.header_time);
  if (const error_code fault = co_await FillHead()) co_return fault;
  const auto [fault, size] = co_await http::async_read_header(stream_, buffer_, parser, kTuple);
  if (fault) co_return fault;
  co_return IsFramedClearly(parser.get(), parser.chunked()) ? error_code()
                                                            : http::error::bad_transfer_encoding;
}

asio::awaitable<error_code> Connection::ReadBody(Parser& parser) {
  stream_.tcp().expires_after(limits_.body_time);
  if (absl::EqualsIgnoreCase(std::string(parser.get()[http::field::expect]), "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [fault, size] = co_await asio::async_write(stream_, asio::buffer(kContinue), kTuple);
    if (fault) co_return fault;
  }
  const auto [fault, size] = co_await http::async_read(stream_, buffer_, parser, kTuple);
  co_return fault;
}

asio::awaitable<bool> Connection::ServeOne(bool first) {
  if (!co_await AwaitFirstByte(first)) co_return false;
  Parser parser;
  parser.header_limit(static_cast<uint32_t>(limits_.header_bytes));
  parser.body_limit(limits_.body_bytes);
  if (const error_code fault = co_await ReadHead(parser)) {
    co_return co_await RefuseBroken(parser, fault);
  }
  const bool has_body = HasBody(parser);
  const bool head_only = parser.get().method() == http::verb::head;
  bool keep = parser.keep_alive() && parser.get().version() == 11;
  Exchange exchange;
  std::optional<Answer> answer =
      co_await api_.Admit(HeadOf(parser.get(), peer_, has_body), exchange);
  const bool worth_reading = parser.content_length().value_or(kWorthReading + 1) <= kWorthReading;
  if (has_body && answer && !worth_reading) {
    keep = false;
  } else if (has_body) {
    if (const error_code fault = co_await ReadBody(parser)) {
      co_return co_await RefuseBroken(parser, fault);
    }
  }
  waiting_since_.reset();
  if (!answer) {
    exchange.rest.body = std::move(parser.get().body());
    answer = co_await api_.Serve(exchange, outbound_);
  }
  co_return co_await Send(exchange, *std::move(answer), head_only, keep && !draining_);
}

asio::awaitable<bool> Connection::RefuseBroken(const Parser& parser, error_code fault) {
  // Anything but a complaint of the parser is the end of the connection itself.
  if (fault.category() != http::make_error_code(http::error::bad_target).category() ||
      fault == http::error::end_of_stream || fault == http::error::partial_message) {
    co_return false;
  }
  // The head may be half read: what is not there yet is empty.
  RequestHead head = HeadOf(parser.get(), peer_, false);
  if (head.target.empty()) head.target.assign(1, '/');
  Exchange exchange;
  api_.Begin(head, exchange);
  if (fault == http::error::body_limit) {
    co_return co_await Send(
        exchange,
        HttpProblem(413, "BODY_TOO_LARGE",
                    absl::StrCat("a body may have at most ", limits_.body_bytes, " bytes"),
                    exchange.problem),
        false, false);
  }
  if (fault == http::error::header_limit || fault == http::error::buffer_overflow) {
    co_return co_await Send(
        exchange,
        HttpProblem(431, "HEADER_TOO_LARGE",
                    absl::StrCat("a head may have at most ", limits_.header_bytes, " bytes"),
                    exchange.problem),
        false, false);
  }
  co_return co_await Send(
      exchange,
      HttpProblem(400, "BAD_HTTP", "this is not HTTP/1.1 as we read it", exchange.problem), false,
      false);
}

asio::awaitable<bool> Connection::Send(const Exchange& exchange, Answer answer, bool head_only,
                                       bool keep) {
  api_.Conclude(exchange, answer);
  if (stream_.secure()) answer.headers.emplace_back("Strict-Transport-Security", kHsts);
  const std::string head = Serialize(answer, keep);
  BeginWaiting();
  stream_.tcp().expires_after(limits_.write_time);
  const bool with_body = !head_only && answer.status != 204;
  const std::array<asio::const_buffer, 2> parts = {
      asio::buffer(head), with_body ? asio::buffer(answer.Body()) : asio::const_buffer()};
  const auto [fault, size] = co_await asio::async_write(stream_, parts, kTuple);
  api_.Log(exchange, answer);
  if (!fault && !keep) co_await Linger();
  co_return !fault && keep;
}

/// A socket closed on unread bytes resets the connection, and the client may
/// lose our answer. So: say that no more comes, and throw away what it still
/// sends, for a little while.
asio::awaitable<void> Connection::Linger() {
  stream_.tcp().expires_after(kLingerTime);
  co_await stream_.EndWriting();
  std::array<char, 8192> waste;
  for (size_t total = 0; total < kLingerBytes;) {
    const auto [fault, size] = co_await stream_.tcp().async_read_some(asio::buffer(waste), kTuple);
    if (fault || size == 0) break;
    total += size;
  }
}

}  // namespace cartwise::gateway
