#include "cartwise/auth/key_folder.hpp"

#include <filesystem>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "cartwise/base/files.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"

namespace cartwise::auth {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(5);

absl::StatusOr<std::map<std::string, std::string>> ReadPems(const std::string& path) {
  std::map<std::string, std::string> pems;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() != ".pem") continue;
    CW_ASSIGN_OR_RETURN(pems[entry.path().stem().string()], ReadFile(entry.path()));
  }
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("cannot list ", path, ": ", error.message()));
  }
  if (pems.empty()) return absl::InvalidArgumentError(absl::StrCat("no *.pem key in ", path));
  return pems;
}

std::string IdsOf(const std::map<std::string, std::string>& pems) {
  return absl::StrJoin(pems, ", ", [](std::string* out, const auto& each) { *out += each.first; });
}

}  // namespace

template <typename Keys>
absl::StatusOr<std::unique_ptr<KeyFolder<Keys>>> KeyFolder<Keys>::Open(const std::string& path,
                                                                       const Clock& clock) {
  CW_ASSIGN_OR_RETURN(Pems pems, ReadPems(path));
  CW_ASSIGN_OR_RETURN(Keys keys, Keys::FromPem(pems));
  return std::unique_ptr<KeyFolder>(new KeyFolder(path, clock, std::move(pems), std::move(keys)));
}

template <typename Keys>
KeyFolder<Keys>::KeyFolder(std::string path, const Clock& clock, Pems pems, Keys keys)
    : path_(std::move(path)),
      clock_(clock),
      looked_at_(clock.SinceBoot()),
      pems_(std::move(pems)),
      keys_(std::move(keys)) {}

template <typename Keys>
Keys KeyFolder<Keys>::Current() const {
  std::lock_guard lock(mutex_);
  if (const absl::Duration now = clock_.SinceBoot(); now - looked_at_ >= kLookEvery) {
    looked_at_ = now;
    Look();
  }
  return keys_;
}

template <typename Keys>
void KeyFolder<Keys>::Look() const {
  auto pems = ReadPems(path_);
  if (!pems.ok()) pems = Pems{{std::string(pems.status().message()), ""}};
  if (*pems == pems_) return;
  pems_ = *std::move(pems);
  auto keys = Keys::FromPem(pems_);
  if (!keys.ok()) {
    obs::Error("changed keys are unusable, the old ones stay",
               {{"folder", path_}, {"why", std::string(keys.status().message())}});
    return;
  }
  keys_ = *std::move(keys);
  obs::Info("keys loaded", {{"folder", path_}, {"keys", IdsOf(pems_)}});
}

template class KeyFolder<KeySet>;
template class KeyFolder<SigningKeys>;

}  // namespace cartwise::auth
