#pragma once

#include <string_view>

#include <string>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "cartwise/base/database.hpp"
#include "cartwise/pg/pool.hpp"

namespace cartwise::pg {

/// Runs `work` inside `tx`, at most once per Idempotency-Key of the caller.
///
/// Without a key it just runs. With one, the key is claimed in
/// `<schema>.idempotency_keys` in the same transaction and the answer stored
/// beside the effect; a repeat gets the stored answer and `work` does not run.
/// The same key with another request: INVALID_ARGUMENT (IDEMPOTENCY_KEY_REUSED).
/// A failed `work` leaves no trace, so the client may try again.
///
/// The table, made by each service's first migration:
///   CREATE TABLE <schema>.idempotency_keys (
///     chain_id uuid NOT NULL, principal text NOT NULL, method text NOT NULL,
///     key text NOT NULL, request_hash text NOT NULL, answer bytea,
///     created_at timestamptz NOT NULL DEFAULT now(),
///     PRIMARY KEY (chain_id, principal, method, key));
/// Callers without a chain use the nil UUID.
absl::Status RunOnce(Transaction& tx, std::string_view schema, const Caller& caller,
                     absl::FunctionRef<absl::Status()> work);

/// The Database port on PostgreSQL. `PgStore` is built on a transaction.
///
///   pg::DatabaseOf<tenant::Store, tenant::PgStore> database(pool, "tenant");
template <typename Store, typename PgStore>
class DatabaseOf final : public Database<Store> {
 public:
  DatabaseOf(Pool& pool, std::string schema) : pool_(pool), schema_(std::move(schema)) {}

  /// One transaction as the caller's tenant, once per Idempotency-Key.
  absl::Status Write(const Caller& caller, absl::FunctionRef<absl::Status(Store&)> work) override {
    return pool_.Transact(Tenant::Of(caller), caller.deadline, [&](Transaction& tx) {
      PgStore store(tx);
      return RunOnce(tx, schema_, caller, [&] { return work(store); });
    });
  }

  absl::Status Read(const Caller& caller, absl::FunctionRef<absl::Status(Store&)> work) override {
    return pool_.Transact(Tenant::Of(caller), caller.deadline, [&](Transaction& tx) {
      PgStore store(tx);
      return work(store);
    });
  }

 private:
  Pool& pool_;
  std::string schema_;
};

}  // namespace cartwise::pg
