#include "domain/audit_csv.hpp"

#include "cartwise/base/text.hpp"

namespace cartwise::tenant {
namespace {

constexpr std::string_view kHeader =
    "no,occurred_at,recorded_at,action,actor,role,object_id,branch_id,device_id,reason,address,"
    "trace_id,source,hash\r\n";

}  // namespace

AuditCsv::AuditCsv() : text_(kHeader) {}

bool AuditCsv::Add(const AuditEntry& entry) {
  std::string line = std::to_string(entry.no);
  const auto cell = [&line](std::string_view text) {
    line.push_back(',');
    line += CsvCell(text);
  };
  cell(ToRfc3339(entry.occurred_at));
  cell(ToRfc3339(entry.recorded_at));
  for (const std::string* text : {&entry.action, &entry.actor, &entry.role, &entry.object_id}) {
    cell(*text);
  }
  cell(entry.branch.value());
  cell(entry.device.value());
  for (const std::string* text : {&entry.reason, &entry.address, &entry.trace_id, &entry.source}) {
    cell(*text);
  }
  cell(HexEncode(entry.hash));
  line += "\r\n";
  if (text_.size() + line.size() > kMostBytes) return false;
  text_ += line;
  return true;
}

std::string CsvCell(std::string_view text) {
  constexpr std::string_view kFormulaStarts = "=+-@\t\r\n";
  std::string cell;
  if (!text.empty() && kFormulaStarts.find(text.front()) != kFormulaStarts.npos) cell = "'";
  cell += text;
  if (cell.find_first_of(",\"\r\n") == cell.npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

}  // namespace cartwise::tenant
