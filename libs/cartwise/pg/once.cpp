#include "cartwise/pg/once.hpp"

#include <map>
#include <mutex>

#include <absl/strings/str_replace.h>

#include "cartwise/base/refusals.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::pg {
namespace {

constexpr char kNoChain[] = "00000000-0000-0000-0000-000000000000";

struct Statements {
  std::string claim_name, claim_sql, find_name, find_sql, store_name, store_sql;
  Query claim, find, store;
};

std::string For(std::string_view schema, const char* text) {
  return absl::StrReplaceAll(text, {{"{schema}", std::string(schema)}});
}

// One set per schema; a process has one schema.
const Statements& StatementsOf(std::string_view schema) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Statements>, std::less<>> all;
  std::lock_guard lock(mutex);
  auto& entry = all[std::string(schema)];
  if (entry) return *entry;
  entry = std::make_unique<Statements>();
  entry->claim_name = For(schema, "{schema}_once_claim");
  // Waits for a running transaction with the same key, so a twin cannot slip past.
  entry->claim_sql = For(schema, R"sql(
    INSERT INTO {schema}.idempotency_keys (chain_id, principal, method, key, request_hash)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1 AS claimed)sql");
  entry->find_name = For(schema, "{schema}_once_find");
  entry->find_sql = For(schema, R"sql(
    SELECT request_hash, answer FROM {schema}.idempotency_keys
     WHERE chain_id = $1 AND principal = $2 AND method = $3 AND key = $4)sql");
  entry->store_name = For(schema, "{schema}_once_store");
  entry->store_sql = For(schema, R"sql(
    UPDATE {schema}.idempotency_keys SET answer = $5
     WHERE chain_id = $1 AND principal = $2 AND method = $3 AND key = $4)sql");
  entry->claim = {entry->claim_name, entry->claim_sql};
  entry->find = {entry->find_name, entry->find_sql};
  entry->store = {entry->store_name, entry->store_sql};
  return *entry;
}

absl::Status PlayBack(Transaction& tx, const Statements& sql, const std::string& chain,
                      const std::string& principal, Once& once) {
  CW_ASSIGN_OR_RETURN(const Rows found,
                      tx.Run(sql.find, chain, principal, once.Method(), once.Key()));
  if (found.empty() || found.front().IsNull("answer")) {
    return errors::RequestInProgress();
  }
  if (found.front().Text("request_hash") != once.RequestHash()) {
    return errors::IdempotencyKeyReused();
  }
  once.Replay(found.front().Bytes("answer"));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunOnce(Transaction& tx, std::string_view schema, const Caller& caller,
                     absl::FunctionRef<absl::Status()> work) {
  if (caller.once == nullptr) return work();
  Once& once = *caller.once;
  const Statements& sql = StatementsOf(schema);
  const std::string chain = caller.chain.empty() ? kNoChain : caller.chain.value();
  // A label does not tell shoppers apart; their keys must not meet.
  const std::string principal =
      caller.principal == Principal::kShopper ? "shopper:" + caller.subject : caller.Label();

  CW_ASSIGN_OR_RETURN(const Rows claimed, tx.Run(sql.claim, chain, principal, once.Method(),
                                                 once.Key(), once.RequestHash()));
  if (claimed.empty()) return PlayBack(tx, sql, chain, principal, once);
  CW_RETURN_IF_ERROR(work());
  return tx.Run(sql.store, chain, principal, once.Method(), once.Key(), Bytes(once.Answer()))
      .status();
}

}  // namespace cartwise::pg
