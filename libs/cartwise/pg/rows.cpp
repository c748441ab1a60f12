#include "cartwise/pg/rows.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <absl/strings/escaping.h>
#include <pqxx/result>
#include <pqxx/row>

#include "cartwise/base/text.hpp"

namespace cartwise::pg {
namespace {

[[noreturn]] void Mismatch(const char* column, const char* what) {
  std::fprintf(stderr, "statement and reader disagree: column %s %s\n", column, what);
  std::abort();
}

pqxx::field Find(const pqxx::result& result, int index, const char* column) {
  try {
    return result[index][column];
  } catch (const std::exception&) {
    Mismatch(column, "is not in the result");
  }
}

template <typename T>
T Number(const char* column, const pqxx::field& field) {
  T value{};
  const char* begin = field.c_str();
  const auto parsed = std::from_chars(begin, begin + field.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != begin + field.size()) {
    Mismatch(column, "is not a number");
  }
  return value;
}

absl::Time ReadTime(const char* column, const pqxx::field& field) {
  // PostgreSQL writes "2026-11-21 03:04:05.678+00" in the ISO style that the pool sets.
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S%Ez", field.c_str(), &time, &error)) {
    Mismatch(column, "is not a time");
  }
  return time;
}

}  // namespace

bool Row::IsNull(const char* column) const {
  return Find(*result_, index_, column).is_null();
}

std::string Row::Text(const char* column) const {
  const auto field = Find(*result_, index_, column);
  return field.is_null() ? std::string() : std::string(field.c_str(), field.size());
}

int64_t Row::Int(const char* column) const {
  return Number<int64_t>(column, Find(*result_, index_, column));
}

bool Row::Bool(const char* column) const {
  const std::string text = Text(column);
  if (text != "t" && text != "f") Mismatch(column, "is not a boolean");
  return text == "t";
}

double Row::Double(const char* column) const {
  return Number<double>(column, Find(*result_, index_, column));
}

absl::Time Row::Time(const char* column) const {
  return ReadTime(column, Find(*result_, index_, column));
}

std::string Row::Bytes(const char* column) const {
  const std::string text = Text(column);
  if (text.empty()) return "";
  if (text.rfind("\\x", 0) != 0) Mismatch(column, "is not bytea");
  return absl::HexStringToBytes(text.substr(2));
}

std::optional<std::string> Row::OptText(const char* column) const {
  if (IsNull(column)) return std::nullopt;
  return Text(column);
}

std::optional<int64_t> Row::OptInt(const char* column) const {
  if (IsNull(column)) return std::nullopt;
  return Int(column);
}

std::optional<double> Row::OptDouble(const char* column) const {
  if (IsNull(column)) return std::nullopt;
  return Double(column);
}

std::optional<absl::Time> Row::OptTime(const char* column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

Rows::Rows(std::shared_ptr<const pqxx::result> result) : result_(std::move(result)) {}

int Rows::size() const {
  return int(result_->size());
}

int Rows::affected() const {
  return int(result_->affected_rows());
}

}  // namespace cartwise::pg
