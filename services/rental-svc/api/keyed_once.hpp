#pragma once

#include <string>

#include "cartwise/base/caller.hpp"
#include "domain/phone_vault.hpp"

namespace cartwise::rental {

/// A repeatable write whose request may hold a phone: a plain hash of it would
/// give the phone away to whoever tries all numbers, so it is keyed.
class KeyedOnce final : public Once {
 public:
  KeyedOnce(Once& once, const PhoneVault& vault)
      : once_(once), request_hash_(vault.Hash(once.RequestHash())) {}

  const std::string& Key() const override { return once_.Key(); }
  const std::string& Method() const override { return once_.Method(); }
  const std::string& RequestHash() const override { return request_hash_; }
  std::string Answer() const override { return once_.Answer(); }
  void Replay(const std::string& answer) override { once_.Replay(answer); }

 private:
  Once& once_;
  const std::string request_hash_;
};

}  // namespace cartwise::rental
