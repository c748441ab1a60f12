#include "storage/announcements.hpp"

#include "cartwise/base/status_macros.hpp"
#include "cartwise/outbox/outbox.hpp"
#include "storage/columns.hpp"
#include "storage/pg_erasures.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

// Read back from the row, so that what is announced is what is stored. Members
// are named as the fields of the protos.
constexpr pg::Query kChainPayload{"tenant_chain_payload", R"sql(
  SELECT jsonb_build_object(
           'id', chain_id, 'chain_id', chain_id, 'name', name, 'slug', slug,
           'description', description, 'contact_email', contact_email,
           'contact_phone', contact_phone, 'plan', plan, 'active', active,
           'trial_ends_at', trial_ends_at, 'feature_flags', feature_flags,
           'created_at', created_at, 'updated_at', updated_at,
           'deleted', deleted_at IS NOT NULL) AS payload
    FROM tenant.chains WHERE chain_id = $1)sql"};

constexpr pg::Query kBranchPayload{"tenant_branch_payload", R"sql(
  SELECT jsonb_strip_nulls(jsonb_build_object(
           'id', branch_id, 'chain_id', chain_id, 'name', name, 'branch_code', branch_code,
           'address', address, 'city', city, 'postal_code', postal_code,
           'latitude', latitude, 'longitude', longitude, 'time_zone', time_zone,
           'active', active, 'rental_term_seconds', rental_term_seconds,
           'created_at', created_at, 'updated_at', updated_at,
           'deleted', deleted_at IS NOT NULL)) AS payload
    FROM tenant.branches WHERE chain_id = $1 AND branch_id = $2)sql"};

Event ToEvent(const Change& change, const ChainId& chain, const BranchId& branch,
              std::string payload) {
  Event event;
  event.id = EventId::New();
  event.chain = chain;
  event.branch = branch;
  event.source = "tenant-svc";
  event.type = change.type;
  event.subject = branch.empty() ? chain.value() : branch.value();
  event.occurred_at = change.at;
  event.payload = std::move(payload);
  event.trace_id = change.trace_id;
  event.audit = change.audit;
  return event;
}

}  // namespace

absl::Status AnnounceThing(pg::Transaction& tx, const Change& change, const Thing& thing) {
  Event event = ToEvent(change, ChainId(ChainColumn(thing.chain)), thing.branch, "{}");
  event.subject = thing.id;
  return outbox::Append(tx, "tenant", event);
}

absl::Status PgStore::Announce(const Change& change, const Chain& chain) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kChainPayload, chain.id));
  return outbox::Append(tx_, "tenant",
                        ToEvent(change, chain.id, BranchId(), rows.front().Text("payload")));
}

absl::Status PgStore::Announce(const Change& change, const Branch& branch) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kBranchPayload, branch.chain, branch.id));
  return outbox::Append(tx_, "tenant",
                        ToEvent(change, branch.chain, branch.id, rows.front().Text("payload")));
}

absl::Status PgStore::Announce(const Change& change, const Thing& thing) {
  return AnnounceThing(tx_, change, thing);
}

absl::Status PgErasures::Announce(const Change& change, const Thing& thing) {
  return AnnounceThing(tx_, change, thing);
}

}  // namespace cartwise::tenant
