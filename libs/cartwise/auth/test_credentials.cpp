#include "cartwise/auth/test_credentials.hpp"

#include <cstdlib>
#include <filesystem>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace cartwise::auth {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key NewKey() {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), &EVP_PKEY_free};
}

void Extend(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate Sign(const std::string& name, EVP_PKEY* subject, X509* issuer, EVP_PKEY* issuer_key) {
  static long serial = 0;
  Certificate certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), subject);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const signer = issuer == nullptr ? certificate.get() : issuer;
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  Extend(certificate.get(), NID_basic_constraints,
         issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  Extend(certificate.get(), NID_subject_alt_name, "DNS:" + name);
  X509_sign(certificate.get(), issuer_key, EVP_sha256());
  return certificate;
}

void Write(const std::string& path, EVP_PKEY* key, X509* certificate) {
  FILE* const file = std::fopen(path.c_str(), "w");
  if (key != nullptr) PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  if (certificate != nullptr) PEM_write_X509(file, certificate);
  std::fclose(file);
}

std::string NewFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "cw_test_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

}  // namespace

std::string NewTestKeyPem() {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(out);
  return pem;
}

SigningKey NewTestKey(const std::string& id) {
  return SigningKey::FromPem(id, NewTestKeyPem()).value();
}

SigningKeySource Signing(SigningKey key) {
  return [keys = SigningKeys(std::move(key))] { return keys; };
}

struct TestCertificates::State {
  std::string folder;
  Key key = NewKey();
  Certificate ca = Sign("test authority", key.get(), nullptr, key.get());
};

TestCertificates::TestCertificates() : state_(std::make_unique<State>()) {
  state_->folder = NewFolder();
  Write(state_->folder + "/ca.pem", nullptr, state_->ca.get());
}

TestCertificates::~TestCertificates() {
  std::filesystem::remove_all(state_->folder);
}

TestCertificates::Files TestCertificates::Of(const std::string& name) const {
  const std::string stem = state_->folder + "/" + name;
  Files files{state_->folder + "/ca.pem", stem + ".pem", stem + ".key"};
  if (!std::filesystem::exists(files.cert)) {
    const Key key = NewKey();
    Write(files.cert, nullptr, Sign(name, key.get(), state_->ca.get(), state_->key.get()).get());
    Write(files.key, key.get(), nullptr);
  }
  return files;
}

}  // namespace cartwise::auth
