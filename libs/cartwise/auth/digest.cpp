#include "cartwise/auth/digest.hpp"

#include <cstdlib>

#include <openssl/evp.h>

namespace cartwise::auth {

std::array<char, 32> Sha256(std::string_view bytes) {
  // Fetched once: EVP_sha256() looks the algorithm up on every use in OpenSSL 3.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<char, 32> digest;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                 nullptr, algorithm, nullptr) != 1) {
    std::abort();  // only out of memory
  }
  return digest;
}

}  // namespace cartwise::auth
