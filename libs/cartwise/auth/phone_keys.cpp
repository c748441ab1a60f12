#include "cartwise/auth/phone_keys.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::auth {
namespace {

constexpr char kMark[] = "CWK";
constexpr size_t kMarkBytes = 3;
constexpr size_t kLongestId = 16;
constexpr std::string_view kLookup = "lookup";
constexpr std::string_view kLookupWithId = "lookup-";
constexpr char kFirst[] = "first";

bool IsSecret(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(),
                                          [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == text.npos;
}

// Never with the line itself: it is a secret.
absl::Status BadLine(size_t number, const char* why) {
  return absl::InvalidArgumentError(absl::StrCat("phone keys, line ", number, ": ", why));
}

std::string PrefixOf(const std::string& id) {
  return kMark + std::string(1, static_cast<char>(id.size())) + id;
}

// The key's id and what it sealed; nullopt for bytes from before keys had ids.
std::optional<std::pair<std::string_view, std::string_view>> Split(std::string_view sealed) {
  if (sealed.size() <= kMarkBytes || sealed.substr(0, kMarkBytes) != kMark) return std::nullopt;
  const size_t length = static_cast<unsigned char>(sealed[kMarkBytes]);
  const size_t body = kMarkBytes + 1 + length;
  if (sealed.size() < body || !IsId(sealed.substr(kMarkBytes + 1, length))) return std::nullopt;
  return std::pair(sealed.substr(kMarkBytes + 1, length), sealed.substr(body));
}

using Keys = std::vector<std::pair<std::string, std::string>>;

absl::Status AddTo(Keys& keys, const std::string& id, std::string secret, size_t number) {
  const bool twice =
      std::any_of(keys.begin(), keys.end(), [&](const auto& other) { return other.first == id; });
  if (twice) return BadLine(number, "id comes twice");
  keys.emplace_back(id, std::move(secret));
  return absl::OkStatus();
}

absl::Status AddLine(PhoneSecrets& secrets, size_t number, const std::string& line) {
  const std::pair<std::string, std::string> part = absl::StrSplit(line, absl::MaxSplits(':', 1));
  const auto& [id, hex] = part;
  if (!IsId(id)) return BadLine(number, "must begin with an id and a colon");
  if (!IsSecret(hex)) return BadLine(number, "must have 64 hex digits after the colon");
  std::string secret = absl::HexStringToBytes(hex);
  if (id == kLookup) return AddTo(secrets.lookup, "", std::move(secret), number);
  if (id.rfind(kLookupWithId, 0) != 0) {
    return AddTo(secrets.sealing, id, std::move(secret), number);
  }
  const std::string tag = id.substr(kLookupWithId.size());
  if (tag.empty()) return BadLine(number, "needs an id behind lookup-");
  return AddTo(secrets.lookup, tag + ":", std::move(secret), number);
}

}  // namespace

absl::StatusOr<PhoneSecrets> PhoneSecrets::Parse(std::string_view text) {
  const std::string all(text);
  const std::string_view trimmed = std::string_view(all).substr(
      0, all.find_last_not_of(" \t\r\n") == all.npos ? 0 : all.find_last_not_of(" \t\r\n") + 1);
  PhoneSecrets secrets;
  if (IsSecret(trimmed)) {
    const std::string secret = absl::HexStringToBytes(std::string(trimmed));
    secrets.lookup = {{"", secret}};
    secrets.sealing = {{kFirst, secret}};
    return secrets;
  }
  size_t number = 0;
  for (const std::string& raw : std::vector<std::string>(absl::StrSplit(all, '\n'))) {
    ++number;
    std::string line = raw;
    absl::StripAsciiWhitespace(&line);
    if (line.empty()) continue;
    CW_RETURN_IF_ERROR(AddLine(secrets, number, line));
  }
  if (secrets.sealing.empty() || secrets.lookup.empty()) {
    return absl::InvalidArgumentError(
        "phone keys: need 64 hex digits, or lines <id>:<64 hex digits> with one for the id lookup");
  }
  return secrets;
}

LookUpKeys::LookUpKeys(const PhoneSecrets& secrets, std::string_view purpose) {
  for (const auto& [tag, secret] : secrets.lookup) {
    keys_.emplace_back(tag, DeriveKey(secret, purpose));
  }
}

std::vector<std::string> LookUpKeys::Hashes(std::string_view text) const {
  std::vector<std::string> hashes;
  for (const auto& [tag, key] : keys_) hashes.push_back(tag + HmacHex(key, text));
  return hashes;
}

KeyRing::KeyRing(const PhoneSecrets& secrets, std::string_view purpose)
    : current_(secrets.sealing.front().first) {
  for (const auto& [id, secret] : secrets.sealing) keys_[id] = DeriveKey(secret, purpose);
}

std::string KeyRing::CurrentPrefix() const {
  return PrefixOf(current_);
}

std::string KeyRing::Seal(std::string_view plain, std::string_view context) const {
  return PrefixOf(current_) + auth::Seal(keys_.at(current_), plain, context);
}

absl::StatusOr<std::string> KeyRing::Open(std::string_view sealed, std::string_view context) const {
  const auto parts = Split(sealed);
  if (parts) {
    const auto key = keys_.find(parts->first);
    if (key != keys_.end()) return auth::Open(key->second, parts->second, context);
    return absl::FailedPreconditionError(
        absl::StrCat("sealed with the key ", std::string(parts->first), ", which is not there"));
  }
  for (const auto& [id, key] : keys_) {
    auto plain = auth::Open(key, sealed, context);
    if (plain.ok()) return plain;
  }
  return absl::DataLossError("no key opens this");
}

}  // namespace cartwise::auth
