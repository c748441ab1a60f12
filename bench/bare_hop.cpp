// One process on the bare way of an unlock (bare_way.hpp): takes a message, makes something
// durable where a service would, hands the message on, and the answer back.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bare_line.hpp"
#include "cartwise/pg/connection.hpp"

using namespace cartwise;
using bench::BareLine;

namespace {

constexpr char kUsage[] =
    "usage: cartwise-bare-hop PORT CERTIFICATE KEY, then one of\n"
    "  pass NEXT_PORT               as the gateway\n"
    "  commit NEXT_PORT URL         a transaction on the way there, as device-svc\n"
    "  commit-twice NEXT_PORT URL   and one on the way back, as rental-svc\n"
    "  serial TTY                   a frame and its answer, as the agent\n";

[[noreturn]] void Fail(std::string_view why) {
  std::fprintf(stderr, "cartwise-bare-hop: %.*s\n", int(why.size()), why.data());
  std::exit(1);
}

/// Of one row each.
class Transactions {
 public:
  explicit Transactions(const std::string& url) {
    auto opened = pg::Connection::Open(url);
    if (!opened.ok()) Fail(opened.status().ToString());
    connection_ = std::move(*opened);
  }

  void Commit() {
    const auto rows = connection_->Execute(
        {{{"bare_message", "INSERT INTO bare_messages (body) VALUES ($1)"}, {"hello"}}});
    if (!rows.ok()) Fail(rows.status().ToString());
  }

 private:
  std::unique_ptr<pg::Connection> connection_;
};

[[noreturn]] void HandOn(BareLine& from, const char* next, const char* url, bool twice) {
  BareLine onward = BareLine::Connect(std::atoi(next));
  std::optional<Transactions> transactions;
  if (url != nullptr) transactions.emplace(url);
  for (;;) {
    from.Receive();
    if (transactions) transactions->Commit();
    onward.Send();
    onward.Receive();
    if (twice) transactions->Commit();
    from.Send();
  }
}

[[noreturn]] void Exchange(BareLine& from, const char* tty) {
  const int line = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
  std::array<char, bench::kBareFrame> frame{};
  std::array<char, bench::kBareStatus> status{};
  for (;;) {
    from.Receive();
    if (write(line, frame.data(), frame.size()) < 0) Fail(tty);
    for (size_t got = 0; got < status.size();) {
      const ssize_t some = read(line, status.data() + got, status.size() - got);
      if (some <= 0) Fail(tty);
      got += size_t(some);
    }
    from.Send();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 5 ? argv[4] : "";
  const bool twice = kind == "commit-twice", commits = twice || kind == "commit";
  const bool serial = kind == "serial", passes = kind == "pass";
  if (argc != (commits ? 7 : 6) || !(commits || serial || passes)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  BareLine from = BareLine::Accept(std::atoi(argv[1]), argv[2], argv[3]);
  if (serial) Exchange(from, argv[5]);
  HandOn(from, argv[5], commits ? argv[6] : nullptr, twice);
}
