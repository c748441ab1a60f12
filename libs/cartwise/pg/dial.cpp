#include "cartwise/pg/dial.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/this_machine.hpp"

namespace cartwise::pg {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

constexpr char kWanted[] =
    "a database on another machine needs ?sslmode=verify-full&sslrootcert=<its CA, a PEM file>, "
    "and &sslcert=<PEM>&sslkey=<PEM> where a client certificate takes the place of a password";

// Where the URL has none: a host that vanishes would hold its callers far past their
// deadlines. Seconds, and milliseconds for what has been sent and not confirmed.
constexpr std::pair<const char*, const char*> kPatience[] = {{"connect_timeout", "5"},
                                                             {"tcp_user_timeout", "15000"},
                                                             {"keepalives_idle", "10"},
                                                             {"keepalives_interval", "5"},
                                                             {"keepalives_count", "3"}};

const char* Find(const PQconninfoOption* option, std::string_view keyword) {
  for (; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->keyword == keyword) return option->val;
  }
  return nullptr;
}

/// What libpq will use: the URL, then PG* variables, then its own defaults.
class Settings {
 public:
  explicit Settings(const std::string& url)
      : url_(PQconninfoParse(url.c_str(), nullptr), &PQconninfoFree),
        others_(PQconndefaults(), &PQconninfoFree) {}

  bool readable() const { return url_ != nullptr && others_ != nullptr; }
  std::string Of(std::string_view keyword) const {
    const char* value = Find(url_.get(), keyword);
    if (value == nullptr) value = Find(others_.get(), keyword);
    return value == nullptr ? "" : value;
  }

 private:
  Options url_, others_;
};

// libpq takes lists of both, and tries one after the other.
bool StaysHere(const Settings& settings) {
  for (const char* keyword : {"host", "hostaddr"}) {
    const std::vector<std::string> hosts = absl::StrSplit(settings.Of(keyword), ',');
    const auto here = [](const std::string& host) { return host.empty() || IsThisMachine(host); };
    if (!std::all_of(hosts.begin(), hosts.end(), here)) return false;
  }
  return true;
}

}  // namespace

absl::Status CheckUrl(const std::string& url) {
  const Settings settings(url);
  if (!settings.readable()) {
    return absl::InvalidArgumentError("must be postgresql://ROLE@HOST[:PORT]/DATABASE[?...]");
  }
  // A file of services would have a word after us.
  if (!settings.Of("service").empty()) {
    return absl::InvalidArgumentError("must name its host itself, not by service=");
  }
  if (StaysHere(settings)) return absl::OkStatus();
  const std::string ca = settings.Of("sslrootcert");
  if (settings.Of("sslmode") != "verify-full" || ca.empty()) {
    return absl::InvalidArgumentError(kWanted);
  }
  if (access(ca.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read its sslrootcert ", ca));
  }
  return absl::OkStatus();
}

void HangUp::operator()(pg_conn* line) const {
  PQfinish(line);
}

absl::StatusOr<Line> Dial(const std::string& url) {
  CW_RETURN_IF_ERROR(CheckUrl(url));
  const Settings settings(url);
  std::vector<const char*> keywords{"dbname"}, values{url.c_str()};
  for (const auto& [keyword, value] : kPatience) {
    if (!settings.Of(keyword).empty()) continue;
    keywords.push_back(keyword);
    values.push_back(value);
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  Line line(PQconnectdbParams(keywords.data(), values.data(), /*expand_dbname=*/1));
  if (PQstatus(line.get()) != CONNECTION_OK) {
    return absl::UnavailableError(absl::StrCat("database: ", PQerrorMessage(line.get())));
  }
  // Notices would go to standard error, where the log is.
  PQsetNoticeProcessor(
      line.get(), [](void*, const char*) {}, nullptr);
  return line;
}

}  // namespace cartwise::pg
