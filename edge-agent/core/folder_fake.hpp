#pragma once

#include <filesystem>
#include <string>

#include "cartwise/base/ids.hpp"

namespace cartwise::edge {

/// A folder for the life of a test.
class TestFolder {
 public:
  TestFolder() : path_("/tmp/cartwise-agent-" + NewUuid()) {
    std::filesystem::create_directory(path_);
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
  const std::string path_;
};

}  // namespace cartwise::edge
