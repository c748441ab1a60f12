#include "cartwise/pg/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>

#include <absl/strings/cord.h>
#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"
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

constexpr char kConstraintUrl[] = "cartwise/pg-constraint";

std::string Field(const pg_result* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

absl::Status FromSqlState(const std::string& state, const std::string& text) {
  if (state == "23505" || state == "23P01") return absl::AlreadyExistsError(text);
  if (state.rfind("23", 0) == 0) return absl::FailedPreconditionError(text);
  if (state == "40001" || state == "40P01") return absl::AbortedError(text);
  if (state == "57014") return absl::DeadlineExceededError(text);
  if (state.rfind("53", 0) == 0 || state.rfind("57P", 0) == 0 || state.rfind("08", 0) == 0) {
    return absl::UnavailableError(text);
  }
  return absl::InternalError(text);
}

// As text it would end there.
bool HoldsZero(const Step& step) {
  return std::any_of(step.params.begin(), step.params.end(), [](const Param& param) {
    return param.text() && param.text()->find('\0') != std::string::npos;
  });
}

std::shared_ptr<const pg_result> Own(pg_result* result) {
  return {result, &PQclear};
}

}  // namespace

std::string ViolatedConstraint(const absl::Status& status) {
  const auto payload = status.GetPayload(kConstraintUrl);
  return payload ? std::string(*payload) : std::string();
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& url) {
  CW_ASSIGN_OR_RETURN(Line line, Dial(url));
  auto connection = std::unique_ptr<Connection>(new Connection(std::move(line)));
  CW_RETURN_IF_ERROR(connection->Begin());
  return connection;
}

absl::Status Connection::Begin() {
  return Raw(kSession).status();
}

bool Connection::InTransaction() const {
  return PQtransactionStatus(line_.get()) == PQTRANS_INTRANS;
}

absl::Status Connection::Lost() {
  broken_ = true;
  return absl::UnavailableError(absl::StrCat("database: ", PQerrorMessage(line_.get())));
}

absl::Status Connection::StatusOf(const pg_result* result) {
  if (PQstatus(line_.get()) != CONNECTION_OK) return Lost();
  switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      return absl::OkStatus();
    case PGRES_PIPELINE_ABORTED:
      return absl::AbortedError("database: a statement before this one failed");
    default:
      break;
  }
  const std::string state = Field(result, PG_DIAG_SQLSTATE);
  // Without an SQLSTATE the failure is the line's; 57P: the server is going away.
  if (state.empty() || state.rfind("57P", 0) == 0) broken_ = true;
  // Not the detail: it shows the values of a row.
  absl::Status status = FromSqlState(
      state, absl::StrCat("database: ", Field(result, PG_DIAG_MESSAGE_PRIMARY), " [", state, "]"));
  const std::string constraint = Field(result, PG_DIAG_CONSTRAINT_NAME);
  if (!constraint.empty()) status.SetPayload(kConstraintUrl, absl::Cord(constraint));
  return status;
}

bool Connection::Send(const Fresh& fresh, const std::vector<Step>& steps) {
  bool sent = PQenterPipelineMode(line_.get()) == 1;
  for (const auto& [name, sql] : fresh) {
    sent = sent && PQsendPrepare(line_.get(), name.c_str(), sql.c_str(), 0, nullptr) == 1;
  }
  for (const Step& step : steps) {
    std::vector<const char*> values;
    for (const Param& param : step.params) {
      values.push_back(param.text() ? param.text()->c_str() : nullptr);
    }
    sent = sent && PQsendQueryPrepared(line_.get(), std::string(step.query.name).c_str(),
                                       int(values.size()), values.data(), nullptr, nullptr, 0) == 1;
  }
  return sent && PQpipelineSync(line_.get()) == 1;
}

// Of one statement of a pipeline: its result, and the null that ends it.
Connection::Result Connection::Receive() {
  Result result = Own(PQgetResult(line_.get()));
  if (PQstatus(line_.get()) == CONNECTION_OK) Own(PQgetResult(line_.get()));
  return result;
}

absl::StatusOr<std::vector<Rows>> Connection::Execute(const std::vector<Step>& steps,
                                                      absl::FunctionRef<void()> meanwhile) {
  if (std::any_of(steps.begin(), steps.end(), HoldsZero)) {
    return absl::InvalidArgumentError("a text may not hold U+0000");
  }
  Fresh fresh;
  for (const auto& [query, params] : steps) {
    if (!prepared_.contains(query.name)) fresh.emplace(query.name, query.sql);
  }
  if (!Send(fresh, steps)) return Lost();
  meanwhile();
  absl::Status status;
  for (const auto& [name, sql] : fresh) {
    status.Update(StatusOf(Receive().get()));
    if (status.ok()) prepared_.emplace(name);
  }
  std::vector<Rows> rows;
  for (size_t i = 0; i < steps.size(); ++i) {
    Result result = Receive();
    status.Update(StatusOf(result.get()));
    rows.emplace_back(std::move(result));
  }
  if (broken_) return status;
  Own(PQgetResult(line_.get()));  // the end of the pipeline
  if (PQexitPipelineMode(line_.get()) != 1) return Lost();
  if (!status.ok()) return status;
  return rows;
}

absl::StatusOr<Rows> Connection::Raw(const std::string& sql) {
  const Result last = Own(PQexec(line_.get(), sql.c_str()));
  CW_RETURN_IF_ERROR(StatusOf(last.get()));
  return Rows(last);
}

absl::Status Connection::Commit() {
  const std::unique_ptr<pg_result, decltype(&PQclear)> ended(PQexec(line_.get(), "COMMIT"),
                                                             &PQclear);
  CW_RETURN_IF_ERROR(StatusOf(ended.get()));
  if (std::string_view(PQcmdStatus(ended.get())) == "COMMIT") return absl::OkStatus();
  return absl::InternalError("database: rolled back, since a statement had failed");
}

bool Connection::LooksAlive() const {
  if (broken_ || PQstatus(line_.get()) != CONNECTION_OK) return false;
  pollfd line{PQsocket(line_.get()), POLLIN, 0};
  // An idle connection has nothing to say: readable means the server hung up.
  return poll(&line, 1, 0) == 0;
}

}  // namespace cartwise::pg
