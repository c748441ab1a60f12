#include "cartwise/config/env.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

namespace cartwise::config {
namespace {

std::string Variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string Env::Read(std::string_view name) {
  const std::string direct = Variable(std::string(name));
  if (!direct.empty()) return direct;
  const std::string path = Variable(std::string(name) + "_FILE");
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    faults_.push_back(absl::StrCat(std::string(name), "_FILE: cannot read ", path));
    return "";
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

std::string Env::Text(std::string_view name) {
  const size_t faults = faults_.size();
  std::string value = Read(name);
  if (value.empty() && faults_.size() == faults) {
    faults_.push_back(absl::StrCat(std::string(name), ": required"));
  }
  return value;
}

std::string Env::Text(std::string_view name, std::string_view fallback) {
  std::string value = Read(name);
  return value.empty() ? std::string(fallback) : value;
}

int Env::Number(std::string_view name, int fallback, int min, int max) {
  const std::string value = Read(name);
  if (value.empty()) return fallback;
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < min || number > max) {
    faults_.push_back(
        absl::StrCat(std::string(name), ": must be a whole number from ", min, " to ", max));
    return fallback;
  }
  return number;
}

absl::Duration Env::Seconds(std::string_view name, absl::Duration fallback) {
  const int whole = static_cast<int>(absl::ToInt64Seconds(fallback));
  const int seconds = Number(name, whole, 0, 1'000'000'000);
  return seconds == whole ? fallback : absl::Seconds(seconds);
}

std::vector<std::string> Env::List(std::string_view name) {
  std::vector<std::string> items;
  for (const auto& item : absl::StrSplit(Read(name), ',')) {
    const auto trimmed = absl::StripAsciiWhitespace(item);
    if (!trimmed.empty()) items.emplace_back(trimmed);
  }
  return items;
}

std::string Env::File(std::string_view name) {
  std::string path = Variable(std::string(name));
  if (path.empty()) {
    faults_.push_back(absl::StrCat(std::string(name), ": required"));
  } else if (access(path.c_str(), R_OK) != 0) {
    faults_.push_back(absl::StrCat(std::string(name), ": cannot read ", path));
  }
  return path;
}

void Env::Fault(const std::string& name, const std::string& why) {
  faults_.push_back(absl::StrCat(name, ": ", why));
}

void Env::Fault(const absl::Status& check) {
  if (!check.ok()) faults_.emplace_back(check.message());
}

absl::Status Env::status() const {
  if (faults_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults_, "\n"));
}

}  // namespace cartwise::config
