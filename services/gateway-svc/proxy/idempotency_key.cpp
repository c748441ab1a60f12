#include "proxy/idempotency_key.hpp"

#include <absl/strings/ascii.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/call_context.hpp"

namespace cartwise::gateway {
namespace {

/// The text within the quotes; empty when that is not well formed.
std::string Unquote(std::string_view text) {
  std::string key;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '"') return "";
    if (text[i] == '\\') {
      ++i;
      // Only these two can be escaped, and the closing quote cannot be.
      if (i + 1 >= text.size() || (text[i] != '"' && text[i] != '\\')) return "";
    }
    key.push_back(text[i]);
  }
  return key;
}

}  // namespace

absl::StatusOr<std::string> ParseIdempotencyKey(std::string_view header) {
  const std::string text(absl::StripAsciiWhitespace(std::string(header)));
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  const std::string key = quoted ? Unquote(text) : text;
  const bool stray_quote = !quoted && text.find('"') != std::string::npos;
  if (stray_quote || !rpc::IsIdempotencyKey(key)) {
    return errors::Refuse(absl::StatusCode::kInvalidArgument, "BAD_IDEMPOTENCY_KEY",
                          "Idempotency-Key must be 1 to 255 printable ASCII characters");
  }
  return key;
}

}  // namespace cartwise::gateway
