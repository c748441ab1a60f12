#include "domain/audit_csv.hpp"

#include <catch2/catch.hpp>

#include <absl/strings/str_split.h>

namespace cartwise::tenant {
namespace {

AuditEntry Entry() {
  AuditEntry entry;
  entry.no = 7;
  entry.occurred_at = absl::FromUnixSeconds(1'767'225'600);
  entry.recorded_at = entry.occurred_at + absl::Microseconds(5);
  entry.source = "rental-svc";
  entry.actor = "user:1";
  entry.role = "OPERATOR";
  entry.action = "cart.unlock_requested";
  entry.object_id = "cart-1";
  entry.branch = BranchId("branch-1");
  entry.reason = "wheel is stuck";
  entry.address = "10.0.0.7";
  entry.trace_id = "aa";
  entry.hash = std::string("\x01\xff", 2);
  return entry;
}

TEST_CASE("a cell that a spreadsheet would run is text", "[audit]") {
  CHECK(CsvCell("=HYPERLINK(\"http://x\")") == "\"'=HYPERLINK(\"\"http://x\"\")\"");
  CHECK(CsvCell("+972") == "'+972");
  CHECK(CsvCell("-1") == "'-1");
  CHECK(CsvCell("@SUM(A1)") == "'@SUM(A1)");
  CHECK(CsvCell("\t=1") == "'\t=1");
  CHECK(CsvCell("\r=1") == "\"'\r=1\"");
  CHECK(CsvCell("\n=1") == "\"'\n=1\"");
  CHECK(CsvCell("1-1") == "1-1");
}

TEST_CASE("quotes, commas and line breaks stay within their cell", "[audit]") {
  CHECK(CsvCell("") == "");
  CHECK(CsvCell("a,b") == "\"a,b\"");
  CHECK(CsvCell("he said \"no\"") == "\"he said \"\"no\"\"\"");
  CHECK(CsvCell("two\r\nlines") == "\"two\r\nlines\"");
}

TEST_CASE("an entry is one line of as many cells as the header has", "[audit]") {
  AuditCsv csv;
  REQUIRE(csv.Add(Entry()));

  const std::vector<std::string> lines = absl::StrSplit(csv.text(), "\r\n");
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] ==
        "7,2026-01-01T00:00:00.000000Z,2026-01-01T00:00:00.000005Z,cart.unlock_requested,user:1,"
        "OPERATOR,cart-1,branch-1,,wheel is stuck,10.0.0.7,aa,rental-svc,01ff");
  const std::vector<std::string> header = absl::StrSplit(lines[0], ',');
  const std::vector<std::string> cells = absl::StrSplit(lines[1], ',');
  CHECK(header.size() == cells.size());
  CHECK(lines[2].empty());
}

TEST_CASE("a table that is full takes no further line", "[audit]") {
  AuditCsv csv;
  AuditEntry entry = Entry();
  entry.reason = std::string(1'000'000, 'x');
  REQUIRE(csv.Add(entry));
  REQUIRE(csv.Add(entry));
  CHECK_FALSE(csv.Add(entry));
  CHECK(csv.text().size() < AuditCsv::kMostBytes);
}

TEST_CASE("no two entries have the same canonical bytes", "[audit]") {
  AuditEntry one = Entry(), other = Entry();
  CHECK(one.CanonicalBytes() == other.CanonicalBytes());
  one.actor = "ab";
  one.role = "c";
  other.actor = "a";
  other.role = "bc";
  CHECK(one.CanonicalBytes() != other.CanonicalBytes());
}

}  // namespace
}  // namespace cartwise::tenant
