#include "domain/fields.hpp"

#include <algorithm>
#include <string>

#include <absl/time/time.h>

#include "cartwise/base/text.hpp"

namespace cartwise::tenant {
namespace {

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

template <typename Allowed>
bool All(std::string_view text, Allowed allowed) {
  return std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

bool IsEmail(std::string_view text) {
  if (text.size() < 3 || text.size() > 254 || !IsCleanText(text)) return false;
  const size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size()) return false;
  if (text.find('@', at + 1) != std::string_view::npos) return false;
  return All(text, [](char c) { return c > ' ' && !IsUpper(c); });
}

bool IsSlug(std::string_view text) {
  return text.size() >= 2 && text.size() <= 100 &&
         All(text, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool IsBranchCode(std::string_view text) {
  return !text.empty() && text.size() <= 50 &&
         All(text, [](char c) { return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '-'; });
}

bool IsTimeZone(std::string_view name) {
  // Abseil would open any file that the name leads to.
  const bool plain =
      !name.empty() && name.size() <= 64 && name.front() != '/' && All(name, [](char c) {
        return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '/' || c == '_' || c == '-' ||
               c == '+';
      });
  absl::TimeZone zone;
  return plain && absl::LoadTimeZone(std::string(name), &zone);
}

absl::Status CheckQuery(std::string_view query) {
  errors::FieldErrors errors;
  CheckText(errors, "query", query, 0, 200);
  return errors.ToStatus();
}

}  // namespace cartwise::tenant
