#pragma once

#include <string>
#include <string_view>

#include "domain/audit.hpp"

namespace cartwise::tenant {

/// The audit log as a table that any spreadsheet opens safely (RFC 4180).
class AuditCsv {
 public:
  /// More bytes than this are not begun.
  static constexpr size_t kMostBytes = 2 * 1024 * 1024;

  /// With the header line.
  AuditCsv();

  /// False when the table is full; nothing is added then.
  bool Add(const AuditEntry& entry);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// One cell. What a spreadsheet would run as a formula has an apostrophe before it.
std::string CsvCell(std::string_view text);

}  // namespace cartwise::tenant
