#pragma once

#include <map>
#include <optional>
#include <string>

#include "http/answer.hpp"

namespace cartwise::gateway {

/// The API viewer: the files of one folder, known by name from the start, read
/// when asked for. Immutable, so thread-safe.
class DocsSite {
 public:
  /// An empty or missing folder makes a site without files.
  explicit DocsSite(const std::string& directory);

  /// nullopt for a name that is not there. The empty name is index.html.
  std::optional<Answer> Get(const std::string& name) const;

 private:
  struct File {
    std::string path;
    std::string content_type;
  };
  std::map<std::string, File> files_;
};

}  // namespace cartwise::gateway
