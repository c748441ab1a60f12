#include "domain/password_words.hpp"

#include <algorithm>
#include <optional>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {
namespace {

constexpr size_t kLeastWord = 3;

void Add(std::vector<std::string>& words, std::string_view text) {
  std::string word = ToLowerAscii(text);
  if (word.size() < kLeastWord) return;
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
}

// The whole and its parts: "Rami Levi" is guessed as rami, levi and "rami levi".
void AddParts(std::vector<std::string>& words, std::string_view text) {
  constexpr std::string_view kBetween = " \t-_.,+@'\"&/";
  Add(words, text);
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(kBetween), text.size());
    Add(words, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

std::vector<std::string> WordsAbout(const User& user, const Chain* chain) {
  std::vector<std::string> words = {"cartwise"};
  AddParts(words, user.email);
  Add(words, std::string_view(user.email).substr(0, user.email.find('@')));
  AddParts(words, user.name);
  if (chain == nullptr) return words;
  AddParts(words, chain->name);
  AddParts(words, chain->slug);
  return words;
}

absl::Status CheckGuessable(Store& store, Credentials& credentials, const User& user,
                            std::string_view password) {
  std::optional<Chain> chain;
  if (!user.chain.empty()) {
    CW_ASSIGN_OR_RETURN(chain, store.FindChain(user.chain, For::kReading));
  }
  const auto words = WordsAbout(user, chain ? &*chain : nullptr);
  return credentials.IsGuessable(password, words) ? reasons::PasswordGuessable() : absl::OkStatus();
}

}  // namespace cartwise::tenant
