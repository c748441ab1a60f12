#pragma once

#include <algorithm>
#include <string>

#include "cartwise/base/caller.hpp"
#include "domain/phone_vault.hpp"

namespace cartwise::rental {

/// A repeatable write whose request may hold a phone: a plain hash of it would
/// give the phone away to whoever tries all numbers, so it is keyed.
class KeyedOnce final : public Once {
 public:
  KeyedOnce(Once& once, const PhoneVault& vault)
      : once_(once), request_hash_(OfFirstTag(vault.Hashes(once.RequestHash()))) {}

  const std::string& Key() const override { return once_.Key(); }
  const std::string& Method() const override { return once_.Method(); }
  const std::string& RequestHash() const override { return request_hash_; }
  std::string Answer() const override { return once_.Answer(); }
  void Replay(const std::string& answer) override { once_.Replay(answer); }

 private:
  // By the order of tags and not of newness: replicas on both sides of a change of
  // keys know each other's repeats as long as the old key is there.
  static std::string OfFirstTag(const PhoneHashes& hashes) {
    return *std::min_element(hashes.begin(), hashes.end(), [](const auto& a, const auto& b) {
      return a.substr(0, a.size() - 64) < b.substr(0, b.size() - 64);
    });
  }

  Once& once_;
  const std::string request_hash_;
};

}  // namespace cartwise::rental
