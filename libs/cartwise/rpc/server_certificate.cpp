#include "cartwise/rpc/server_certificate.hpp"

#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include "cartwise/base/files.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"

namespace cartwise::rpc {

TlsFiles TlsFiles::FromEnv(config::Env& env) {
  return {env.File("CARTWISE_TLS_CA"), env.File("CARTWISE_TLS_CERT"), env.File("CARTWISE_TLS_KEY")};
}

absl::StatusOr<Pems> Pems::Read(const TlsFiles& files) {
  Pems pems;
  CW_ASSIGN_OR_RETURN(pems.ca, ReadFile(files.ca));
  CW_ASSIGN_OR_RETURN(pems.cert, ReadFile(files.cert));
  CW_ASSIGN_OR_RETURN(pems.key, ReadFile(files.key));
  return pems;
}

absl::StatusOr<std::optional<Pems>> PemFiles::News() {
  const std::lock_guard lock(mutex_);
  auto pems = Pems::Read(names_);
  if (!pems.ok() && !last_) return pems.status();
  if (!pems.ok() || *pems == last_) return std::nullopt;
  last_ = *std::move(pems);
  return last_;
}

struct ServerCertificate::State {
  explicit State(TlsFiles names) : files(std::move(names)) {}
  PemFiles files;

  // What gRPC asks before each handshake.
  static grpc_ssl_certificate_config_reload_status Ask(
      void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<State*>(self)->Look(config);
  }

  grpc_ssl_certificate_config_reload_status Look(grpc_ssl_server_certificate_config** config) {
    const auto news = files.News();
    if (!news.ok() || !*news) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const Pems& pems = **news;
    const grpc_ssl_pem_key_cert_pair pair{pems.key.c_str(), pems.cert.c_str()};
    *config = grpc_ssl_server_certificate_config_create(pems.ca.c_str(), &pair, 1);
    obs::Info("TLS certificate read", {{"file", files.names().cert}});
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }
};

ServerCertificate::ServerCertificate(TlsFiles files) : state_(new State(std::move(files))) {}
ServerCertificate::~ServerCertificate() = default;

int ServerCertificate::AddPortToServer(const std::string& address, grpc_server* server) {
  grpc_server_credentials* const credentials = grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, &State::Ask, state_.get()));
  const int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
  grpc_server_credentials_release(credentials);
  return port;
}

}  // namespace cartwise::rpc
