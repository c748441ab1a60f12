#include "http/tls.hpp"

#include <filesystem>
#include <fstream>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <catch2/catch.hpp>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/testing/status.hpp"
#include "http/plain_http.hpp"
#include "http/test_gateway.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

constexpr char kGet[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

/// A TLS client that trusts the test's authority.
class TlsClient {
 public:
  TlsClient(int port, const std::string& ca) {
    context_.load_verify_file(ca);
    context_.set_verify_mode(ssl::verify_peer);
    stream_.next_layer().connect({asio::ip::make_address("127.0.0.1"), uint16_t(port)});
  }

  SSL* native() { return stream_.native_handle(); }
  bool Handshake() {
    error_code fault;
    stream_.handshake(ssl::stream_base::client, fault);
    return !fault;
  }
  /// Common name in the certificate that the gateway showed.
  std::string Name() {
    const auto close = [](X509* certificate) { X509_free(certificate); };
    const std::unique_ptr<X509, decltype(close)> peer(SSL_get1_peer_certificate(native()), close);
    char name[100] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name, sizeof name);
    return name;
  }
  TestClient::Response Send(const std::string& bytes) {
    asio::write(stream_, asio::buffer(bytes));
    boost::beast::http::response<boost::beast::http::string_body> response;
    boost::beast::http::read(stream_, buffer_, response);
    return response;
  }
  /// What ends the connection: eof for an end that the gateway announced.
  error_code End() {
    char byte;
    error_code fault;
    stream_.read_some(asio::buffer(&byte, 1), fault);
    return fault;
  }

 private:
  asio::io_context io_;
  ssl::context context_{ssl::context::tls_client};
  boost::beast::flat_buffer buffer_;
  ssl::stream<tcp::socket> stream_{io_, context_};
};

struct Fixture {
  auth::TestCertificates certificates;
  auth::TestCertificates::Files files = certificates.Of("port");
  std::unique_ptr<Tls> tls = (Use("first"), Tls::Load(files.cert, files.key).value());
  TestGateway gateway{{.tls = tls.get()}};

  /// Puts the certificate of this name into the gateway's files.
  void Use(const std::string& name) { UseCert(name), UseKey(name); }
  void UseCert(const std::string& name) { Copy(certificates.Of(name).cert, files.cert); }
  void UseKey(const std::string& name) { Copy(certificates.Of(name).key, files.key); }
  static void Copy(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  }
  std::string NameOfNew() {
    TlsClient client(gateway.http_port(), files.ca);
    return client.Handshake() ? client.Name() : "no handshake";
  }
};

TEST_CASE("plain HTTP is for loopback addresses and behind proxies of ours", "[tls]") {
  for (const char* listen : {"127.0.0.1:8080", "127.0.0.2:0", "localhost:8080", "[::1]:8080"}) {
    CAPTURE(listen);
    CHECK(CheckPlainHttp(listen, 0).ok());
  }
  for (const char* listen : {"0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080", ":8080"}) {
    CAPTURE(listen);
    CHECK_FALSE(CheckPlainHttp(listen, 0).ok());
    CHECK(CheckPlainHttp(listen, 1).ok());
  }
}

TEST_CASE_METHOD(Fixture, "an answer over TLS carries HSTS, a plain one does not") {
  TlsClient client(gateway.http_port(), files.ca);
  REQUIRE(client.Handshake());
  for (int i = 0; i < 2; ++i) {
    const auto response = client.Send(kGet);
    CHECK(response.result_int() == 200);
    CHECK(response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains");
  }
  TestGateway plain;
  CHECK(TestClient(plain.http_port()).Send(kGet).count("Strict-Transport-Security") == 0);
}

TEST_CASE_METHOD(Fixture, "a large body and its refusal pass through TLS") {
  TlsClient client(gateway.http_port(), files.ca);
  REQUIRE(client.Handshake());
  const std::string head =
      "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const auto bad =
      client.Send(head + "Content-Length: 1000000\r\n\r\n" + std::string(1'000'000, ' '));
  CHECK(bad.result_int() == 400);
  CHECK(client.Send(head + "Content-Length: 9000000\r\n\r\n").result_int() == 413);
  CHECK(client.End() == asio::error::eof);
}

TEST_CASE_METHOD(Fixture, "TLS 1.2 and 1.3 are spoken, nothing older") {
  const auto speaks = [&](int version) {
    TlsClient client(gateway.http_port(), files.ca);
    // Or the client would refuse by itself.
    SSL_set_security_level(client.native(), 0);
    SSL_set_min_proto_version(client.native(), version);
    SSL_set_max_proto_version(client.native(), version);
    return client.Handshake();
  };
  CHECK(speaks(TLS1_3_VERSION));
  CHECK(speaks(TLS1_2_VERSION));
  CHECK_FALSE(speaks(TLS1_1_VERSION));
  CHECK_FALSE(speaks(TLS1_VERSION));
}

TEST_CASE_METHOD(Fixture, "http/1.1 is agreed on, and a client of other protocols is refused") {
  const auto agreed = [&](const std::string& offered) -> std::string {
    TlsClient client(gateway.http_port(), files.ca);
    SSL_set_alpn_protos(client.native(), reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned>(offered.size()));
    if (!client.Handshake()) return "refused";
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.native(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  };
  CHECK(agreed("\x02h2\x08http/1.1") == "http/1.1");
  CHECK(agreed("\x02h2") == "refused");
}

TEST_CASE_METHOD(Fixture, "a new certificate is for new connections, open ones go on") {
  TlsClient open(gateway.http_port(), files.ca);
  REQUIRE(open.Handshake());
  CHECK(open.Name() == "first");
  Use("second");
  REQUIRE_OK(tls->Reload());
  CHECK(NameOfNew() == "second");
  CHECK(open.Send(kGet).result_int() == 200);
}

TEST_CASE_METHOD(Fixture, "a broken new certificate is refused once and the old one stays") {
  const std::string fault = GENERATE("other key", "no text", "gone", "empty");
  if (fault == "other key") UseKey("second");
  if (fault == "no text") std::ofstream(files.cert) << "no certificate";
  if (fault == "gone") std::filesystem::remove(files.key);
  if (fault == "empty") std::ofstream(files.cert, std::ios::trunc).flush();
  CHECK(tls->Reload().code() == absl::StatusCode::kInvalidArgument);
  CHECK(tls->Reload().ok());
  CHECK(NameOfNew() == "first");
  CHECK(Tls::Load(files.cert, files.key).status().code() == absl::StatusCode::kInvalidArgument);
  Use("second");
  CHECK(tls->Reload().ok());
  CHECK(NameOfNew() == "second");
}

TEST_CASE_METHOD(Fixture, "who speaks no TLS is sent away, others are served") {
  TestClient plain(gateway.http_port());
  plain.Write(kGet);
  CHECK(NameOfNew() == "first");
  // An alert of TLS at most, and no answer.
  CHECK(plain.ReadToEnd().find("HTTP/") == std::string::npos);
}

TEST_CASE("a handshake is bounded in time and counted as a connection") {
  auth::TestCertificates certificates;
  const auto files = certificates.Of("first");
  const auto tls = Tls::Load(files.cert, files.key).value();
  HttpLimits limits;
  const bool bounded_in_time = GENERATE(true, false);
  if (bounded_in_time) {
    limits.handshake_time = std::chrono::milliseconds(100);
  } else {
    limits.connections = 1;
  }
  TestGateway gateway({.limits = limits, .tls = tls.get()});
  TestClient silent(gateway.http_port());
  TlsClient client(gateway.http_port(), files.ca);
  if (!bounded_in_time) CHECK(client.Handshake());
  CHECK(silent.AtEnd());
}

}  // namespace
}  // namespace cartwise::gateway
