#include "cartwise/pg/query.hpp"

#include <charconv>

#include "cartwise/base/text.hpp"

namespace cartwise::pg {

Param::Param(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value);
  text_ = std::string(buffer, end.ptr);
}

Param::Param(absl::Time time) : text_(ToRfc3339(time)) {}

Param::Param(const std::vector<std::string>& texts) {
  std::string literal = "{";
  for (const std::string& text : texts) {
    if (literal.size() > 1) literal.push_back(',');
    literal.push_back('"');
    for (char c : text) {
      if (c == '"' || c == '\\') literal.push_back('\\');
      literal.push_back(c);
    }
    literal.push_back('"');
  }
  literal.push_back('}');
  text_ = std::move(literal);
}

Param Bytes(std::string_view bytes) {
  return Param("\\x" + HexEncode(bytes));
}

}  // namespace cartwise::pg
