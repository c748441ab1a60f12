#pragma once

#include <string>

#include "harness/rack.hpp"

namespace cartwise::fleet {

/// A person with a phone at a branch.
class Shopper {
 public:
  Shopper(Fleet& fleet, const Rack& rack, const std::string& phone);

  Answer AskForCode();
  Answer Verify(const std::string& code);
  /// The code sent last, to whomever, as the console provider wrote it down.
  std::string LastCode() const;
  /// Asks for a code, reads it and signs in; aborts when that fails.
  Rest SignIn();

 private:
  const std::string console_;
  Rest anonymous_;
  Json at_;
};

}  // namespace cartwise::fleet
