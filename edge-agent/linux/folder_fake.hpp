#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace cartwise::edge {

/// A folder for the life of a test.
class TestFolder {
 public:
  TestFolder() {
    char name[] = "/tmp/cartwise-agent-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace cartwise::edge
