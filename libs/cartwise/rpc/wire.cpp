#include "cartwise/rpc/wire.hpp"

#include <algorithm>
#include <cstdint>

#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

namespace cartwise::rpc {
namespace {

using std::chrono::nanoseconds;

std::string PercentEncoded(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return out;
}

}  // namespace

std::string MessagePrefix(size_t message_bytes) {
  std::string prefix(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    prefix.push_back(static_cast<char>(message_bytes >> shift & 0xff));
  }
  return prefix;
}

std::optional<std::string> OnlyMessage(std::string bytes) {
  if (bytes.size() < kMessagePrefix) return std::nullopt;
  if (bytes.compare(0, kMessagePrefix, MessagePrefix(bytes.size() - kMessagePrefix)) != 0) {
    return std::nullopt;
  }
  bytes.erase(0, kMessagePrefix);
  return bytes;
}

int HttpStatusOf(std::string_view method, std::string_view content_type) {
  if (method != "POST") return 405;
  return content_type.starts_with(kContentType) ? 200 : 415;
}

std::optional<nanoseconds> ParseTimeout(std::string_view text) {
  int64_t count = 0;
  if (text.size() < 2 || text.size() > 9 ||
      !absl::SimpleAtoi(std::string(text.substr(0, text.size() - 1)), &count) || count < 0) {
    return std::nullopt;
  }
  switch (text.back()) {
    case 'H':
      return std::chrono::hours(std::min<int64_t>(count, 24 * 365));
    case 'M':
      return std::chrono::minutes(std::min<int64_t>(count, 60 * 24 * 365));
    case 'S':
      return std::chrono::seconds(count);
    case 'm':
      return std::chrono::milliseconds(count);
    case 'u':
      return std::chrono::microseconds(count);
    case 'n':
      return nanoseconds(count);
    default:
      return std::nullopt;
  }
}

http2::Headers AnswerHead() {
  return {{":status", "200"}, {"content-type", kContentType}};
}

http2::Headers TrailersOf(const grpc::Status& status) {
  http2::Headers trailers{{"grpc-status", absl::StrCat(status.error_code())}};
  if (!status.error_message().empty()) {
    trailers.emplace_back("grpc-message", PercentEncoded(status.error_message()));
  }
  if (!status.error_details().empty()) {
    trailers.emplace_back("grpc-status-details-bin", absl::Base64Escape(status.error_details()));
  }
  return trailers;
}

}  // namespace cartwise::rpc
