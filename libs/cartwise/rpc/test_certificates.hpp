#pragma once

#include <string>

#include "cartwise/rpc/server.hpp"

namespace cartwise::rpc {

/// A certificate authority and certificates in a folder of their own, for the
/// life of a test.
class TestCertificates {
 public:
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  /// Files of a certificate in this name ("rental-svc"), made when first asked for.
  TlsFiles Of(const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::rpc
