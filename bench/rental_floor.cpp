#include "rental_floor.hpp"

#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "cartwise/base/ids.hpp"
#include "proc.hpp"
#include "shops.hpp"
#include "storage/lock_sql.hpp"
#include "storage/rack_sql.hpp"

namespace cartwise::bench {
namespace {

constexpr char kBranch = '1', kDevice = '2', kController = '3';
constexpr char kRentalId[] = "md5('r' || :n::text)::uuid";

// The statement with an expression for each of its parameters.
std::string Fill(std::string_view sql, const std::map<int, std::string>& values) {
  static const std::regex kParameter(R"(\$(\d+))");
  const std::string text(sql);
  std::string filled;
  auto from = text.cbegin();
  for (std::sregex_iterator it(text.begin(), text.end(), kParameter), end; it != end; ++it) {
    filled.append(from, (*it)[0].first);
    const auto value = values.find(std::stoi((*it)[1]));
    filled.append(value == values.end() ? "NULL" : "(" + value->second + ")");
    from = (*it)[0].second;
  }
  return filled.append(from, text.cend());
}

std::string Quoted(const std::string& text) {
  return "'" + text + "'";
}
std::string Uuid(const std::string& id) {
  return Quoted(id) + "::uuid";
}

// The id of a client's own branch, device or controller, made by pgbench as by ShopOf().
std::string OfClient(char kind) {
  return absl::StrCat("('0000000", std::string(1, kind),
                      "-0000-7000-8000-0000000000' || lpad(:shop::text, 2, '0'))::uuid");
}

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

/// A program that runs beside us, and what it says.
class Output {
 public:
  explicit Output(const std::string& command) : pipe_(popen(command.c_str(), "r")) {}

  std::optional<std::string> Line() {
    char line[512];
    if (pipe_ == nullptr || fgets(line, sizeof(line), pipe_) == nullptr) return std::nullopt;
    return said_.emplace_back(line);
  }

  /// Waits; ends the bench if the program has failed.
  void CheckEnd() {
    while (Line()) continue;
    if (pipe_ != nullptr && pclose(pipe_) == 0) return;
    Fail("pgbench failed:\n" + absl::StrJoin(said_, ""));
  }

 private:
  FILE* const pipe_;
  std::vector<std::string> said_;
};

std::string ScriptOf(const std::string& chain) {
  const std::string now = "now()", none = "''::text";
  // Not gen_random_uuid(): a volatile value finds nothing by an index.
  const auto fresh = [](const char* what) {
    return std::string("md5('") + what + "' || :n::text)::uuid";
  };
  std::string script = "\\set n random(1, 1000000000000)\n\\set shop :client_id + :first_shop\n";
  script += Fill(rental::sql::kTake.sql, {{1, OfClient(kBranch)},
                                          {2, "ARRAY[repeat(md5('p' || :n::text), 2)]"},
                                          {3, kRentalId},
                                          {4, "'\\x00'::bytea"},
                                          {5, "'+972*****00'::text"},
                                          {6, none},
                                          {7, "current_user::text"},
                                          {9, none},
                                          {10, now},
                                          {11, fresh("opening")},
                                          {12, none},
                                          {13, "1"}}) +
            " \\gset\n";
  script += Fill(rental::sql::kActivate.sql,
                 {{1, Uuid(chain)}, {2, kRentalId}, {3, now}, {4, fresh("active")}, {5, none}}) +
            ";\n";
  script += Fill(rental::sql::kLook.sql, {{1, Uuid(chain)},
                                          {2, OfClient(kController)},
                                          {3, ":locker_id::integer"},
                                          {4, fresh("closed")},
                                          {6, OfClient(kDevice)},
                                          {7, now},
                                          {8, ":locker_id::integer"}}) +
            ";\n";
  script += Fill(rental::sql::kApply.sql, {{1, Uuid(chain)},
                                           {2, ":cart_id::uuid"},
                                           {3, kRentalId},
                                           {4, "'ACTIVE'::text"},
                                           {5, "'END'::text"},
                                           {6, "'RETURNED'::text"},
                                           {7, "'HOOK_CLOSED'::text"},
                                           {8, "'device-bench'::text"},
                                           {9, "clock_timestamp()"},
                                           {12, "'AVAILABLE'::text"},
                                           {13, "true"},
                                           {14, none},
                                           {15, none},
                                           {17, fresh("closed")},
                                           {18, fresh("returned")},
                                           {19, fresh("cart")},
                                           {20, OfClient(kDevice)},
                                           {21, OfClient(kController)},
                                           {22, ":locker_id::integer"},
                                           {24, none},
                                           {25, none},
                                           {26, none},
                                           {27, now},
                                           {28, fresh("record")},
                                           {29, "'IN_USE'::text"}}) +
            ";\n";
  return script;
}

}  // namespace

RentalFloor::RentalFloor(const std::string& chain, int clients)
    : chain_(chain), clients_(clients), script_("/tmp/cartwise-cycle-" + NewUuid() + ".sql") {
  OpenShops(database_, chain, clients);
  std::ofstream(script_) << ScriptOf(chain);
  database_.Sql(
      "DO $$ BEGIN CREATE ROLE cartwise_unguarded_app LOGIN BYPASSRLS "
      "PASSWORD 'cartwise_unguarded_app'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
      "GRANT USAGE ON SCHEMA rental TO cartwise_unguarded_app;"
      "GRANT ALL ON ALL TABLES IN SCHEMA rental TO cartwise_unguarded_app;"
      "GRANT ALL ON ALL SEQUENCES IN SCHEMA rental TO cartwise_unguarded_app;"
      "GRANT ALL ON ALL FUNCTIONS IN SCHEMA rental TO cartwise_unguarded_app");
}

RentalFloor::~RentalFloor() {
  std::filesystem::remove(script_);
}

std::string RentalFloor::Pgbench(const std::string& service, int clients, int first_shop,
                                 int seconds, const std::string& options) const {
  // As libs/cartwise/pg sets its sessions up. Not seeded by the time: two that start within one
  // microsecond would draw the same ids.
  return absl::StrCat(
      "PGOPTIONS='-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off "
      "-c cartwise.chain_id=",
      chain_, "' /usr/lib/postgresql/15/bin/pgbench -n -M prepared -c ", clients,
      " --random-seed=rand -D first_shop=", first_shop, " -T ", seconds, " ", options, " -f ",
      script_, " '", database_.UrlOf(service), "' 2>&1");
}

double RentalFloor::CyclesPerSecond(int seconds) {
  database_.Sql("VACUUM ANALYZE");
  // A first second goes into planning.
  Output output(Pgbench("rental", clients_, 0, seconds + 1, "-P 1 -j 2"));
  double rate = 0;
  int counted = -1;  // not the first second
  while (const auto line = output.Line()) {
    double at = 0, tps = 0;
    if (std::sscanf(line->c_str(), "progress: %lf s, %lf tps", &at, &tps) == 2 && counted++ >= 0)
      rate += tps;
  }
  output.CheckEnd();
  if (counted < 1) Fail("pgbench told of no progress");
  return rate / counted;
}

RentalFloor::Spent RentalFloor::SpentBy(const std::string& service) {
  const std::string role = "'cartwise_" + service + "_app'";
  Spent spent;
  for (const pg::Row row : database_.Sql("SELECT pid FROM pg_stat_activity"
                                         " WHERE datname = current_database() AND usename = " +
                                         role)) {
    spent.cpu_seconds += CpuSeconds(pid_t(row.Int("pid")));
    ++spent.sessions;
  }
  spent.cycles =
      database_.Sql("SELECT count(*) AS n FROM rental.rentals WHERE requested_by = " + role)
          .front()
          .Int("n");
  return spent;
}

RentalFloor::Walls RentalFloor::CompareWalls(int seconds) {
  database_.Sql("VACUUM ANALYZE");
  const int half = clients_ / 2;
  // Longer than is measured: looking takes its time beside them.
  Output with(Pgbench("rental", half, 0, seconds + 4, ""));
  Output without(Pgbench("unguarded", half, half, seconds + 4, ""));
  poll(nullptr, 0, 1000);
  const Spent with_before = SpentBy("rental"), without_before = SpentBy("unguarded");
  poll(nullptr, 0, seconds * 1000);
  const Spent with_after = SpentBy("rental"), without_after = SpentBy("unguarded");
  with.CheckEnd();
  without.CheckEnd();
  const auto rate = [half](const Spent& before, const Spent& after) {
    if (before.sessions != half || after.sessions != half) {
      Fail("pgbench came late or left early");
    }
    return double(after.cycles - before.cycles) / (after.cpu_seconds - before.cpu_seconds);
  };
  return {rate(with_before, with_after), rate(without_before, without_after)};
}

}  // namespace cartwise::bench
