#pragma once

#include <memory>
#include <string>

#include "cartwise/auth/tokens.hpp"

namespace cartwise::auth {

/// A new signing key of this id ("tenant-test"), for tests.
SigningKey NewTestKey(const std::string& id);
/// A source that never changes.
SigningKeySource Signing(SigningKey key);
/// Its PEM PKCS#8, for a file.
std::string NewTestKeyPem();

/// A certificate authority and certificates in a folder of their own, for the
/// life of a test.
class TestCertificates {
 public:
  struct Files {
    std::string ca, cert, key;
  };

  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  /// PEM files of a certificate in this name ("rental-svc"), made when first asked for.
  Files Of(const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::auth
