#include "routing/path_template.hpp"

#include <algorithm>

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

namespace cartwise::gateway {
namespace {

bool IsFieldPath(std::string_view text) {
  const auto allowed = [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; };
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool IsLiteral(std::string_view text) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
  };
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

absl::StatusOr<PathTemplate> PathTemplate::Parse(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return absl::InvalidArgumentError(absl::StrCat("path ", std::string(text), ": ", why));
  };
  if (text.empty() || text.front() != '/') return refuse("must begin with /");
  PathTemplate result;
  const std::vector<std::string> words = absl::StrSplit(std::string(text.substr(1)), '/');
  for (std::string word : words) {
    Segment segment;
    segment.variable = word.size() > 2 && word.front() == '{' && word.back() == '}';
    if (segment.variable) {
      word = word.substr(1, word.size() - 2);
      if (word.ends_with("=*")) word.resize(word.size() - 2);
      if (!IsFieldPath(word)) return refuse("only {field} variables of one segment can be served");
    } else if (!IsLiteral(word)) {
      return refuse("has a segment that cannot be served");
    }
    segment.text = word;
    result.segments_.push_back(std::move(segment));
  }
  std::vector<std::string> variables = result.Variables();
  std::sort(variables.begin(), variables.end());
  if (std::adjacent_find(variables.begin(), variables.end()) != variables.end()) {
    return refuse("names a variable twice");
  }
  return result;
}

std::vector<std::string> PathTemplate::Variables() const {
  std::vector<std::string> names;
  for (const Segment& segment : segments_) {
    if (segment.variable) names.push_back(segment.text);
  }
  return names;
}

std::string PathTemplate::ToString() const {
  std::string text;
  for (const Segment& segment : segments_) {
    absl::StrAppend(&text, "/", segment.variable ? "{" : "", segment.text,
                    segment.variable ? "}" : "");
  }
  return text;
}

}  // namespace cartwise::gateway
