#include "cartwise/pg/rows.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <absl/strings/escaping.h>
#include <libpq-fe.h>

#include "cartwise/base/text.hpp"

namespace cartwise::pg {
namespace {

[[noreturn]] void Mismatch(const char* column, const char* what) {
  std::fprintf(stderr, "statement and reader disagree: column %s %s\n", column, what);
  std::abort();
}

int Find(const pg_result* result, int index, const char* column) {
  if (index < 0 || index >= PQntuples(result)) Mismatch(column, "is of a row that is not there");
  const int number = PQfnumber(result, column);
  if (number < 0) Mismatch(column, "is not in the result");
  return number;
}

// Empty for NULL.
std::string_view Value(const pg_result* result, int index, const char* column) {
  const int number = Find(result, index, column);
  return {PQgetvalue(result, index, number), size_t(PQgetlength(result, index, number))};
}

template <typename T>
T Number(const char* column, std::string_view text) {
  T value{};
  const auto parsed = std::from_chars(text.begin(), text.end(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.end()) Mismatch(column, "is not a number");
  return value;
}

absl::Time ReadTime(const char* column, std::string_view text) {
  // PostgreSQL writes "2026-11-21 03:04:05.678+00" in the ISO style that the pool sets.
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S%Ez", std::string(text), &time, &error)) {
    Mismatch(column, "is not a time");
  }
  return time;
}

}  // namespace

bool Row::IsNull(const char* column) const {
  return PQgetisnull(result_, index_, Find(result_, index_, column)) == 1;
}

std::string Row::Text(const char* column) const {
  return std::string(Value(result_, index_, column));
}

int64_t Row::Int(const char* column) const {
  return Number<int64_t>(column, Value(result_, index_, column));
}

bool Row::Bool(const char* column) const {
  const std::string text = Text(column);
  if (text != "t" && text != "f") Mismatch(column, "is not a boolean");
  return text == "t";
}

double Row::Double(const char* column) const {
  return Number<double>(column, Value(result_, index_, column));
}

absl::Time Row::Time(const char* column) const {
  return ReadTime(column, Value(result_, index_, column));
}

std::string Row::Bytes(const char* column) const {
  const std::string text = Text(column);
  if (text.empty()) return "";
  if (text.rfind("\\x", 0) != 0) Mismatch(column, "is not bytea");
  return absl::HexStringToBytes(text.substr(2));
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

Rows::Rows(std::shared_ptr<const pg_result> result) : result_(std::move(result)) {}

int Rows::size() const {
  return PQntuples(result_.get());
}

int Rows::affected() const {
  return std::atoi(PQcmdTuples(const_cast<pg_result*>(result_.get())));
}

std::vector<std::optional<std::string>> Rows::Values() const {
  std::vector<std::optional<std::string>> values;
  for (int row = 0; row < size(); ++row) {
    for (int column = 0; column < PQnfields(result_.get()); ++column) {
      const bool null = PQgetisnull(result_.get(), row, column) == 1;
      values.push_back(null ? std::nullopt
                            : std::optional<std::string>(PQgetvalue(result_.get(), row, column)));
    }
  }
  return values;
}

}  // namespace cartwise::pg
