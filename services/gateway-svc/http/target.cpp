#include "http/target.hpp"

#include <algorithm>

#include <absl/strings/ascii.h>
#include <google/protobuf/stubs/strutil.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/ids.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::gateway {
namespace {

absl::Status BadPath(const char* what) {
  return errors::Refuse(absl::StatusCode::kInvalidArgument, "BAD_PATH", what);
}
absl::Status BadQuery(const char* what) {
  return errors::Refuse(absl::StatusCode::kInvalidArgument, "BAD_QUERY", what);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The UTF-8 behind `text`; false for anything that is not one printable text.
bool Decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return false;
    out.push_back(c);
  }
  return google::protobuf::internal::IsStructurallyValidUTF8(out.data(),
                                                             static_cast<int>(out.size()));
}

absl::StatusOr<std::vector<std::string>> ParsePath(std::string_view path) {
  std::vector<std::string> segments;
  while (path.size() > 1) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    std::string segment;
    if (!Decode(path.substr(0, end), false, segment)) {
      return BadPath("the path holds an escape or a character that cannot be");
    }
    if (segment.empty() || segment == "." || segment == "..") {
      return BadPath("the path has an empty segment, or one of dots");
    }
    if (segment.find_first_of("/\\") != std::string::npos) {
      return BadPath("the path has a slash within a segment");
    }
    segments.push_back(std::move(segment));
    path.remove_prefix(end);
  }
  // What is left is the slash of "/" itself, or one that ended the path.
  if (!path.empty() && !segments.empty()) return BadPath("the path ends with a slash");
  return segments;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseQuery(
    std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    const size_t equals = std::min(parameter.find('='), parameter.size());
    std::string name;
    std::string value;
    if (!Decode(parameter.substr(0, equals), true, name) ||
        !Decode(parameter.substr(std::min(equals + 1, parameter.size())), true, value)) {
      return BadQuery("the query holds an escape or a character that cannot be");
    }
    parameters.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

// With the slash before it.
std::string LoggableSegment(std::string_view segment) {
  constexpr int kMostDigits = 4;
  const auto digits = std::count_if(segment.begin(), segment.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (digits <= kMostDigits || IsUuid(segment.substr(1))) return std::string(segment);
  return "/*";
}

}  // namespace

absl::StatusOr<Target> ParseTarget(std::string_view raw) {
  if (raw.empty() || raw.front() != '/') return BadPath("the target must be a path");
  if (raw.find('#') != std::string_view::npos) return BadPath("the target has a fragment");
  const size_t mark = std::min(raw.find('?'), raw.size());
  Target target;
  CW_ASSIGN_OR_RETURN(target.segments, ParsePath(raw.substr(0, mark)));
  CW_ASSIGN_OR_RETURN(target.query, ParseQuery(raw.substr(std::min(mark + 1, raw.size()))));
  return target;
}

std::string LoggablePath(std::string_view raw) {
  const std::string_view bare = raw.substr(0, std::min<size_t>(raw.find_first_of("?#"), 200));
  std::string path;
  for (size_t at = 0; at < bare.size();) {
    const size_t end = std::min(bare.find('/', at + 1), bare.size());
    path += LoggableSegment(bare.substr(at, end - at));
    at = end;
  }
  for (char& c : path) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return path;
}

}  // namespace cartwise::gateway
