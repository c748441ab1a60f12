#include "cartwise/base/errors.hpp"

#include <absl/strings/cord.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

namespace cartwise::errors {
namespace {

constexpr char kReasonUrl[] = "cartwise/reason";
constexpr char kFieldsUrl[] = "cartwise/fields";
constexpr char kDetailsUrl[] = "cartwise/details";

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Pairs travel in a payload as name NUL text NUL ...: neither holds a NUL.
std::string Pack(const Pairs& pairs) {
  std::string out;
  for (const auto& [name, text] : pairs) {
    out.append(name).push_back('\0');
    out.append(text).push_back('\0');
  }
  return out;
}

Pairs Unpack(const absl::Status& status, const char* url) {
  Pairs pairs;
  const auto payload = status.GetPayload(url);
  if (!payload) return pairs;
  const std::string bytes(*payload);
  size_t at = 0;
  while (at < bytes.size()) {
    const size_t name_end = bytes.find('\0', at);
    const size_t text_end = bytes.find('\0', name_end + 1);
    pairs.emplace_back(bytes.substr(at, name_end - at),
                       bytes.substr(name_end + 1, text_end - name_end - 1));
    at = text_end + 1;
  }
  return pairs;
}

}  // namespace

absl::Status Refuse(absl::StatusCode code, std::string_view reason, std::string_view message) {
  absl::Status status(code, std::string(message));
  status.SetPayload(kReasonUrl, absl::Cord(std::string(reason)));
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view message) {
  FieldErrors errors;
  errors.Add(field, message);
  return errors.ToStatus();
}

void FieldErrors::Add(std::string_view field, std::string_view message) {
  faults_.emplace_back(field, message);
}

void FieldErrors::Require(bool ok, std::string_view field, std::string_view message) {
  if (!ok) Add(field, message);
}

absl::Status FieldErrors::ToStatus() const {
  if (faults_.empty()) return absl::OkStatus();
  const std::string text = absl::StrJoin(faults_, "; ", [](std::string* out, const auto& fault) {
    absl::StrAppend(out, fault.first, ": ", fault.second);
  });
  absl::Status status = Refuse(absl::StatusCode::kInvalidArgument, "INVALID_FIELD", text);
  status.SetPayload(kFieldsUrl, absl::Cord(Pack(faults_)));
  return status;
}

absl::Status NotFound(std::string_view reason, std::string_view message) {
  return Refuse(absl::StatusCode::kNotFound, reason, message);
}

std::string Reason(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  return payload ? std::string(*payload) : std::string();
}

Pairs Fields(const absl::Status& status) {
  return Unpack(status, kFieldsUrl);
}

absl::Status WithDetail(absl::Status status, std::string_view key, std::string_view value) {
  Pairs details = Details(status);
  details.emplace_back(key, value);
  status.SetPayload(kDetailsUrl, absl::Cord(Pack(details)));
  return status;
}

Pairs Details(const absl::Status& status) {
  return Unpack(status, kDetailsUrl);
}

}  // namespace cartwise::errors
