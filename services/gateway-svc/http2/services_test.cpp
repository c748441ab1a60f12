#include "http2/services.hpp"

#include <optional>

#include <catch2/catch.hpp>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/rental/v1/carts.grpc.pb.h"
#include "cartwise/rpc/server.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::gateway {
namespace {

rpc::TlsFiles FilesOf(const auth::TestCertificates& certificates, const std::string& name) {
  const auto files = certificates.Of(name);
  return {files.ca, files.cert, files.key};
}

/// A service with a certificate in this name, on a port of its own.
std::unique_ptr<rpc::Server> Serve(const auth::TestCertificates& certificates,
                                   const std::string& name) {
  static rental::v1::CartService::Service something;
  auto server = rpc::Server::Start({"127.0.0.1:0", FilesOf(certificates, name)}, {&something});
  REQUIRE_OK(server);
  return *std::move(server);
}

bool Reaches(const ServiceTargets& targets, Services::Calls calls) {
  boost::asio::io_context io;
  Services services(io, targets);
  std::optional<bool> reached;
  services.Reach("tenant", calls,
                 [&](ServiceConnection* connection) { reached = connection != nullptr; });
  while (!reached) io.run_one();
  services.Close();
  return *reached;
}

/// Whether who has `own` gets through to the tenant-svc on this port.
bool Reaches(int port, const rpc::TlsFiles& own) {
  const ServiceTargets targets{{{"tenant", "127.0.0.1:" + std::to_string(port)}}, {}, own};
  return Reaches(targets, Services::Calls::kUnary);
}

TEST_CASE("a service is reached that proves its name, and no other") {
  const auth::TestCertificates certificates, strangers;
  const auto service = Serve(certificates, "tenant-svc");
  const auto other = Serve(certificates, "rental-svc");
  const auto stranger = Serve(strangers, "tenant-svc");
  const auto own = FilesOf(certificates, "gateway-svc");

  CHECK(Reaches(service->port(), own));
  CHECK_FALSE(Reaches(other->port(), own));
  CHECK_FALSE(Reaches(stranger->port(), own));
}

TEST_CASE("streams go to where they are served, and else to where the other calls go") {
  const auth::TestCertificates certificates;
  const auto service = Serve(certificates, "tenant-svc");
  const std::string there = "127.0.0.1:" + std::to_string(service->port());
  const auto own = FilesOf(certificates, "gateway-svc");
  const ServiceTargets apart{{{"tenant", "127.0.0.1:1"}}, {{"tenant", there}}, own};
  const ServiceTargets together{{{"tenant", there}}, {}, own};

  CHECK(Reaches(apart, Services::Calls::kStreaming));
  CHECK_FALSE(Reaches(apart, Services::Calls::kUnary));
  CHECK(Reaches(together, Services::Calls::kStreaming));
}

TEST_CASE("who has no certificate to show reaches no service") {
  const auth::TestCertificates certificates;
  const auto service = Serve(certificates, "tenant-svc");
  auto own = FilesOf(certificates, "gateway-svc");
  own.key = own.ca;

  CHECK_FALSE(Reaches(service->port(), own));
}

}  // namespace
}  // namespace cartwise::gateway
