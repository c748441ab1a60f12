#include "http/docs_site.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace cartwise::gateway {
namespace {

/// The viewer sets styles of its own and draws small pictures from data; it
/// loads and calls nothing elsewhere.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

std::string ContentTypeOf(const std::string& extension) {
  static const std::map<std::string, std::string> kTypes = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".woff2", "font/woff2"}};
  const auto found = kTypes.find(extension);
  return found == kTypes.end() ? std::string() : found->second;
}

}  // namespace

DocsSite::DocsSite(const std::string& directory) {
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(directory, missing)) {
    const std::string type = ContentTypeOf(entry.path().extension().string());
    if (type.empty() || !entry.is_regular_file(missing)) continue;
    files_[entry.path().filename().string()] = {entry.path().string(), type};
  }
}

std::optional<Answer> DocsSite::Get(const std::string& name) const {
  const auto found = files_.find(name.empty() ? "index.html" : name);
  if (found == files_.end()) return std::nullopt;
  std::ifstream file(found->second.path, std::ios::binary);
  if (!file) return std::nullopt;
  Answer answer;
  answer.content_type = found->second.content_type;
  answer.body.assign(std::istreambuf_iterator<char>(file), {});
  answer.headers.emplace_back("Content-Security-Policy", kPolicy);
  answer.headers.emplace_back("Cache-Control", "public, max-age=3600");
  return answer;
}

}  // namespace cartwise::gateway
