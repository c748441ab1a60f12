#include "cartwise/auth/secrets.hpp"

#include <cstdlib>
#include <memory>
#include <semaphore>

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <sodium.h>

#include "cartwise/auth/digest.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::auth {
namespace {

constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

// Each argon2id run takes 64 MiB: a burst of sign-ins queues here instead of
// taking the machine's memory.
std::counting_semaphore<4> argon_slots(4);

struct ArgonSlot {
  ArgonSlot() {
    [[maybe_unused]] static const int ready = sodium_init();
    argon_slots.acquire();
  }
  ~ArgonSlot() { argon_slots.release(); }
};

// Misuse of a library or no memory: there is nothing a caller could do.
void Must(bool ok) {
  if (!ok) std::abort();
}

unsigned char* Raw(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* Raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

// Fetched once: EVP_aes_256_gcm() looks the algorithm up on every use in OpenSSL 3.
const EVP_CIPHER* Aes256Gcm() {
  static EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return algorithm;
}

}  // namespace

std::string HashPassword(std::string_view password) {
  const ArgonSlot slot;
  char hash[crypto_pwhash_STRBYTES];
  Must(crypto_pwhash_str(hash, password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                         crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0);
  return hash;
}

bool VerifyPassword(std::string_view password, const std::string& hash) {
  const ArgonSlot slot;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

void BurnPasswordTime(std::string_view password) {
  // Well-formed, with the limits of HashPassword; no password is known to match it.
  static const std::string nobody =
      "$argon2id$v=19$m=65536,t=2,p=1$" + std::string(22, 'A') + "$" + std::string(43, 'A');
  VerifyPassword(password, nobody);
}

std::string RandomSecret(std::string_view prefix) {
  return std::string(prefix) + Base64UrlEncode(RandomBytes(32));
}

std::string Sha256Hex(std::string_view bytes) {
  const auto digest = Sha256(bytes);
  return HexEncode({digest.data(), digest.size()});
}

std::string HmacHex(std::string_view key, std::string_view bytes) {
  std::string digest(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, Raw(key), key.size());
  crypto_auth_hmacsha256_update(&state, Raw(bytes), bytes.size());
  crypto_auth_hmacsha256_final(&state, Raw(digest));
  return HexEncode(digest);
}

std::string Seal(std::string_view key32, std::string_view plain, std::string_view context) {
  Must(key32.size() == 32);
  const std::string nonce = RandomBytes(kNonceBytes);
  std::string cipher(plain.size(), '\0'), tag(kTagBytes, '\0');
  const CipherContext ctx(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  Must(EVP_EncryptInit_ex(ctx.get(), Aes256Gcm(), nullptr, Raw(key32),
                          Raw(std::string_view(nonce))) == 1);
  Must(EVP_EncryptUpdate(ctx.get(), nullptr, &length, Raw(context),
                         static_cast<int>(context.size())) == 1);
  Must(EVP_EncryptUpdate(ctx.get(), Raw(cipher), &length, Raw(plain),
                         static_cast<int>(plain.size())) == 1);
  Must(EVP_EncryptFinal_ex(ctx.get(), Raw(cipher) + length, &length) == 1);
  Must(EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data()) == 1);
  return nonce + cipher + tag;
}

absl::StatusOr<std::string> Open(std::string_view key32, std::string_view sealed,
                                 std::string_view context) {
  Must(key32.size() == 32);
  const absl::Status refused = absl::DataLossError("sealed text does not open with this key");
  if (sealed.size() < kNonceBytes + kTagBytes) return refused;
  const std::string_view nonce = sealed.substr(0, kNonceBytes);
  const std::string_view cipher =
      sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plain(cipher.size(), '\0');
  const CipherContext ctx(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  Must(EVP_DecryptInit_ex(ctx.get(), Aes256Gcm(), nullptr, Raw(key32), Raw(nonce)) == 1);
  Must(EVP_DecryptUpdate(ctx.get(), nullptr, &length, Raw(context),
                         static_cast<int>(context.size())) == 1);
  Must(EVP_DecryptUpdate(ctx.get(), Raw(plain), &length, Raw(cipher),
                         static_cast<int>(cipher.size())) == 1);
  Must(EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1);
  if (EVP_DecryptFinal_ex(ctx.get(), Raw(plain) + length, &length) != 1) return refused;
  return plain;
}

std::string DeriveKey(std::string_view key, std::string_view purpose) {
  using Context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
  const Context ctx(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &EVP_PKEY_CTX_free);
  std::string derived(32, '\0');
  size_t length = derived.size();
  Must(EVP_PKEY_derive_init(ctx.get()) == 1);
  Must(EVP_PKEY_CTX_set_hkdf_md(ctx.get(), EVP_sha256()) == 1);
  Must(EVP_PKEY_CTX_set1_hkdf_key(ctx.get(), Raw(key), static_cast<int>(key.size())) == 1);
  Must(EVP_PKEY_CTX_add1_hkdf_info(ctx.get(), Raw(purpose), static_cast<int>(purpose.size())) == 1);
  Must(EVP_PKEY_derive(ctx.get(), Raw(derived), &length) == 1);
  return derived;
}

}  // namespace cartwise::auth
