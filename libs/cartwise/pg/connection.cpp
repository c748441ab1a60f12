#include "cartwise/pg/connection.hpp"

#include <poll.h>

#include <absl/strings/cord.h>
#include <absl/strings/str_cat.h>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/pg/dial.hpp"
#include "cartwise/pg/pool.hpp"

namespace cartwise::pg {
namespace {

// A plan made while a table was new and small would read all of it long after it
// has grown, until the next ANALYZE: seven times slower for a rental. So a
// statement has one plan, and that uses indexes (without jit, which takes the
// price put on sequential scans for a long query).
constexpr char kSession[] =
    "SET datestyle = 'ISO'; SET timezone = 'UTC'; SET statement_timeout = '30s'; "
    "SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'error'; "
    "SET plan_cache_mode = 'force_generic_plan'; SET enable_seqscan = off; SET jit = off";
constexpr char kPlanPerValues[] = "SET LOCAL plan_cache_mode = 'auto';";

constexpr char kConstraintUrl[] = "cartwise/pg-constraint";

// libpqxx 6.4 does not expose the constraint's name; the server's message does,
// in English, which the database's lc_messages must be).
absl::Status WithConstraint(absl::Status status, std::string_view message) {
  constexpr std::string_view kMark = "constraint \"";
  const size_t at = message.find(kMark);
  if (at == std::string_view::npos) return status;
  const size_t begin = at + kMark.size();
  const size_t end = message.find('"', begin);
  status.SetPayload(kConstraintUrl, absl::Cord(std::string(message.substr(begin, end - begin))));
  return status;
}

absl::Status FromSqlState(const std::string& state, const std::string& message) {
  const std::string text = absl::StrCat("database: ", message, " [", state, "]");
  if (state == "23505" || state == "23P01") {
    return WithConstraint(absl::AlreadyExistsError(text), message);
  }
  if (state.rfind("23", 0) == 0) {
    return WithConstraint(absl::FailedPreconditionError(text), message);
  }
  if (state == "40001" || state == "40P01") return absl::AbortedError(text);
  if (state == "57014") return absl::DeadlineExceededError(text);
  if (state.rfind("53", 0) == 0 || state.rfind("57P", 0) == 0 || state.rfind("08", 0) == 0) {
    return absl::UnavailableError(text);
  }
  return absl::InternalError(text);
}

}  // namespace

std::string ViolatedConstraint(const absl::Status& status) {
  const auto payload = status.GetPayload(kConstraintUrl);
  return payload ? std::string(*payload) : std::string();
}

struct Connection::State {
  explicit State(const std::string& url) : connection(Dial(url)) {}
  pqxx::connection connection;
};

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& url) {
  try {
    auto state = std::make_unique<State>(url);
    // A silent reconnect would lose the prepared statements and the transaction.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    state->connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
    auto connection = std::unique_ptr<Connection>(new Connection(std::move(state)));
    CW_RETURN_IF_ERROR(connection->Raw(kSession).status());
    return connection;
  } catch (const std::exception& failure) {
    return absl::UnavailableError(absl::StrCat("database: ", failure.what()));
  }
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}

Connection::~Connection() = default;

absl::StatusOr<Rows> Connection::Raw(const std::string& sql) {
  try {
    pqxx::nontransaction session(state_->connection);
    return Rows(std::make_shared<const pqxx::result>(session.exec(sql)));
  } catch (const pqxx::broken_connection& failure) {
    broken_ = true;
    return absl::UnavailableError(absl::StrCat("database: ", failure.what()));
  } catch (const pqxx::deadlock_detected& failure) {
    return FromSqlState("40P01", failure.what());
  } catch (const pqxx::serialization_failure& failure) {
    return FromSqlState("40001", failure.what());
  } catch (const pqxx::sql_error& failure) {
    const absl::Status status = FromSqlState(failure.sqlstate(), failure.what());
    // Without an SQLSTATE the failure is the line's, not the statement's.
    if (failure.sqlstate().empty() || failure.sqlstate().rfind("57P", 0) == 0) {
      broken_ = true;
      return absl::UnavailableError(status.message());
    }
    return status;
  } catch (const std::exception& failure) {
    broken_ = true;
    return absl::InternalError(absl::StrCat("database: ", failure.what()));
  }
}

absl::Status Connection::Prepare(const Query& query) {
  if (prepared_.contains(query.name)) return absl::OkStatus();
  const auto done =
      Raw(absl::StrCat("PREPARE ", std::string(query.name), " AS ", std::string(query.sql)));
  if (!done.ok()) return done.status();
  prepared_.insert(query.name);
  return absl::OkStatus();
}

absl::StatusOr<Rows> Connection::Execute(const std::string& prelude, const Query& query,
                                         const std::vector<Param>& params) {
  if (const absl::Status prepared = Prepare(query); !prepared.ok()) return prepared;
  std::string sql = prelude;
  if (query.plan == Query::Plan::kPerValues) sql.append(kPlanPerValues);
  sql.append("EXECUTE ").append(query.name);
  char separator = '(';
  for (const Param& param : params) {
    sql.push_back(separator);
    sql.append(param.text() ? Quote(*param.text()) : "NULL");
    separator = ',';
  }
  if (!params.empty()) sql.push_back(')');
  return Raw(sql);
}

bool Connection::LooksAlive() const {
  if (broken_ || !state_->connection.is_open()) return false;
  pollfd line{state_->connection.sock(), POLLIN, 0};
  // An idle connection has nothing to say: readable means the server hung up.
  return poll(&line, 1, 0) == 0;
}

std::string Connection::Quote(std::string_view text) const {
  return state_->connection.quote(std::string(text));
}

}  // namespace cartwise::pg
