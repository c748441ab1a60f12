#include "pgbench_script.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

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
                      "-0000-7000-8000-0000000000' || lpad(:client_id::text, 2, '0'))::uuid");
}

std::string ScriptOf(const std::string& chain) {
  const std::string now = "now()", none = "''::text";
  // Not gen_random_uuid(): a volatile value finds nothing by an index.
  const auto fresh = [](const char* what) {
    return std::string("md5('") + what + "' || :n::text)::uuid";
  };
  std::string script = "\\set n random(1, 1000000000000)\n";
  script += Fill(rental::sql::kTake.sql, {{1, OfClient(kBranch)},
                                          {2, "ARRAY[repeat(md5('p' || :n::text), 2)]"},
                                          {3, kRentalId},
                                          {4, "'\\x00'::bytea"},
                                          {5, "'+972*****00'::text"},
                                          {6, none},
                                          {7, "'user-bench'::text"},
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
                                          {7, now}}) +
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

Shop ShopOf(int worker) {
  const auto id = [&](char kind) {
    return absl::StrFormat("0000000%c-0000-7000-8000-0000000000%02d", kind, worker);
  };
  return {id(kBranch), id(kDevice), id(kController)};
}

double PgbenchCyclesPerSecond(fleet::Fleet& fleet, const std::string& url, const std::string& chain,
                              int clients, double seconds) {
  const std::string file = fleet.folder() + "/cycle.sql";
  std::ofstream(file) << ScriptOf(chain);
  // As libs/cartwise/pg sets its sessions up.
  std::string command =
      "PGOPTIONS='-c plan_cache_mode=force_generic_plan -c enable_seqscan=off "
      "-c jit=off -c cartwise.chain_id=" +
      chain + "' /usr/lib/postgresql/15/bin/pgbench -n -M prepared -j 2 -c " +
      std::to_string(clients) + " -T " + std::to_string(std::max(1, int(seconds)));
  command += " -f " + file + " '" + url + "' 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  std::string output;
  char line[512];
  while (pipe != nullptr && fgets(line, sizeof(line), pipe) != nullptr) output += line;
  const int code = pipe == nullptr ? -1 : pclose(pipe);
  const size_t at = output.find("tps = ");
  if (code != 0 || at == std::string::npos) {
    std::fprintf(stderr, "bench: pgbench failed:\n%s\n", output.c_str());
    std::exit(1);
  }
  return std::atof(output.c_str() + at + 6);
}

}  // namespace cartwise::bench
