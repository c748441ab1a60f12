#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <absl/strings/str_cat.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <nlohmann/json.hpp>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/files.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::auth {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

// OpenSSL reads and writes keys; libsodium signs and verifies, in little more than half the time.
using PublicKey = std::array<unsigned char, crypto_sign_PUBLICKEYBYTES>;
using SecretKey = std::array<unsigned char, crypto_sign_SECRETKEYBYTES>;
using Seed = std::array<unsigned char, crypto_sign_SEEDBYTES>;

Bio Reading(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

// Refuses to ask a terminal for the pass phrase of an encrypted key.
int NoPassPhrase(char*, int, int, void*) {
  return 0;
}

const unsigned char* Raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string PublicPemOf(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PUBKEY(out.get(), key);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

}  // namespace

struct SigningKey::State {
  ~State() { sodium_memzero(secret.data(), secret.size()); }

  Key key;
  SecretKey secret{};
};

absl::StatusOr<SigningKey> SigningKey::Load(const std::string& path) {
  CW_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path));
  return FromPem(std::filesystem::path(path).stem().string(), pem);
}

absl::StatusOr<SigningKey> SigningKey::FromPem(const std::string& id, const std::string& pem) {
  Key key(PEM_read_bio_PrivateKey(Reading(pem).get(), nullptr, &NoPassPhrase, nullptr),
          &EVP_PKEY_free);
  if (!key || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError(absl::StrCat("not an Ed25519 private key: ", id));
  }
  Seed seed;
  size_t size = seed.size();
  PublicKey ours;
  auto state = std::make_shared<State>(std::move(key));
  const bool usable = EVP_PKEY_get_raw_private_key(state->key.get(), seed.data(), &size) == 1 &&
                      crypto_sign_seed_keypair(ours.data(), state->secret.data(), seed.data()) == 0;
  sodium_memzero(seed.data(), seed.size());
  if (!usable) return absl::InvalidArgumentError(absl::StrCat("cannot use the private key ", id));
  SigningKey signing;
  signing.id_ = id;
  signing.state_ = std::move(state);
  return signing;
}

std::string SigningKey::Sign(std::string_view bytes) const {
  std::string signature(crypto_sign_BYTES, '\0');
  const int done = crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                                        Raw(bytes), bytes.size(), state_->secret.data());
  if (done != 0) std::abort();  // it never fails
  return signature;
}

std::string SigningKey::PublicPem() const {
  return PublicPemOf(state_->key.get());
}

absl::StatusOr<SigningKeys> SigningKeys::FromPem(const std::map<std::string, std::string>& pems) {
  SigningKeys keys;
  for (const auto& [id, pem] : pems) {
    CW_ASSIGN_OR_RETURN(SigningKey key, SigningKey::FromPem(id, pem));
    keys.keys_.push_back(std::move(key));
  }
  if (keys.keys_.empty()) return absl::InvalidArgumentError("no key to sign with");
  return keys;
}

struct KeySet::State {
  struct Trusted {
    Key key;
    PublicKey raw;
  };
  std::map<std::string, Trusted, std::less<>> keys;
};

absl::StatusOr<KeySet> KeySet::FromPem(const std::map<std::string, std::string>& pems) {
  auto state = std::make_shared<State>();
  for (const auto& [id, pem] : pems) {
    Key key(PEM_read_bio_PUBKEY(Reading(pem).get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    if (!key || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) {
      return absl::InvalidArgumentError(absl::StrCat("not an Ed25519 public key: ", id));
    }
    State::Trusted trusted{std::move(key), {}};
    size_t size = trusted.raw.size();
    if (EVP_PKEY_get_raw_public_key(trusted.key.get(), trusted.raw.data(), &size) != 1) {
      return absl::InvalidArgumentError(absl::StrCat("cannot use the public key ", id));
    }
    state->keys.emplace(id, std::move(trusted));
  }
  KeySet keys;
  keys.state_ = std::move(state);
  return keys;
}

bool KeySet::Verify(std::string_view key_id, std::string_view bytes,
                    std::string_view signature) const {
  const auto found = state_->keys.find(key_id);
  if (found == state_->keys.end() || signature.size() != crypto_sign_BYTES) return false;
  return crypto_sign_verify_detached(Raw(signature), Raw(bytes), bytes.size(),
                                     found->second.raw.data()) == 0;
}

std::string KeySet::ToJwks() const {
  nlohmann::json set = {{"keys", nlohmann::json::array()}};
  for (const auto& [id, trusted] : state_->keys) {
    const std::string raw(trusted.raw.begin(), trusted.raw.end());
    set["keys"].push_back({{"kty", "OKP"},
                           {"crv", "Ed25519"},
                           {"use", "sig"},
                           {"alg", "EdDSA"},
                           {"kid", id},
                           {"x", Base64UrlEncode(raw)}});
  }
  return set.dump();
}

std::map<std::string, std::string> KeySet::Pems(std::string_view prefix) const {
  std::map<std::string, std::string> pems;
  for (const auto& [id, trusted] : state_->keys) {
    if (id.starts_with(prefix)) pems[id] = PublicPemOf(trusted.key.get());
  }
  return pems;
}

bool KeySet::Has(std::string_view key_id) const {
  return state_->keys.contains(key_id);
}

}  // namespace cartwise::auth
