#include "cartwise/auth/guessable.hpp"

#include <zxcvbn.h>

namespace cartwise::auth {
namespace {

// Tries are slowed, so this is far beyond what anybody has against a living service;
// a higher bound would hit honest phrases.
constexpr double kLeastBits = 25;

}  // namespace

bool IsGuessable(std::string_view password, const std::vector<std::string>& words) {
  std::vector<const char*> about;
  for (const std::string& word : words) about.push_back(word.c_str());
  about.push_back(nullptr);
  return ZxcvbnMatch(std::string(password).c_str(), about.data(), nullptr) < kLeastBits;
}

}  // namespace cartwise::auth
