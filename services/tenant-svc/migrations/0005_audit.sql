-- The audit log: who did what to which object, in this and every other service.
-- migrate:up

ALTER TABLE tenant.outbox ADD COLUMN audit jsonb;

-- One row per deed, numbered without gaps in its chain. entry_hash is SHA-256 of
-- the hash before it and the entry's canonical bytes (domain/audit.hpp), so no
-- entry can be changed, left out or moved without all after it showing it. What
-- concerns no chain stands under the platform's nil UUID, as in tenant.users.
CREATE TABLE tenant.audit_entries (
  chain_id    uuid        NOT NULL,
  entry_no    bigint      NOT NULL,
  event_id    uuid        NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  source      text        NOT NULL,
  actor       text        NOT NULL,
  role        text        NOT NULL,
  action      text        NOT NULL,
  object_id   text        NOT NULL,
  branch_id   uuid,
  device_id   uuid,
  reason      text        NOT NULL,
  address     text        NOT NULL,
  trace_id    text        NOT NULL,
  entry_hash  bytea       NOT NULL,
  CONSTRAINT audit_entries_pkey PRIMARY KEY (chain_id, entry_no),
  CONSTRAINT audit_entries_once UNIQUE (chain_id, event_id),
  CONSTRAINT audit_entries_numbered CHECK (entry_no > 0),
  CONSTRAINT audit_entries_hash_size CHECK (length(entry_hash) = 32)
);
CREATE INDEX audit_entries_by_actor ON tenant.audit_entries (chain_id, actor, entry_no);
CREATE INDEX audit_entries_by_object ON tenant.audit_entries (chain_id, object_id, entry_no);
CREATE INDEX audit_entries_by_time ON tenant.audit_entries (chain_id, occurred_at);

-- The newest entry of each chain. Its row is the lock under which entries are
-- numbered, and it shows when the newest ones are missing.
CREATE TABLE tenant.audit_heads (
  chain_id   uuid   NOT NULL,
  entry_no   bigint NOT NULL,
  entry_hash bytea  NOT NULL,
  CONSTRAINT audit_heads_pkey PRIMARY KEY (chain_id)
);

-- Two walls around what is written once: the program's role may only add, and a
-- trigger refuses the rest to everybody, the owner included.
REVOKE UPDATE, DELETE, TRUNCATE ON tenant.audit_entries FROM cartwise_tenant_app;
REVOKE DELETE, TRUNCATE ON tenant.audit_heads FROM cartwise_tenant_app;

CREATE FUNCTION tenant.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of %: the audit log is only added to', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_entries_only_added BEFORE UPDATE OR DELETE ON tenant.audit_entries
  FOR EACH ROW EXECUTE FUNCTION tenant.refuse_audit_change();
CREATE TRIGGER audit_entries_not_emptied BEFORE TRUNCATE ON tenant.audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION tenant.refuse_audit_change();
CREATE TRIGGER audit_heads_not_deleted BEFORE DELETE ON tenant.audit_heads
  FOR EACH ROW EXECUTE FUNCTION tenant.refuse_audit_change();
CREATE TRIGGER audit_heads_not_emptied BEFORE TRUNCATE ON tenant.audit_heads
  FOR EACH STATEMENT EXECUTE FUNCTION tenant.refuse_audit_change();
CREATE TRIGGER audit_heads_only_rise BEFORE UPDATE ON tenant.audit_heads
  FOR EACH ROW WHEN (NEW.chain_id <> OLD.chain_id OR NEW.entry_no < OLD.entry_no)
  EXECUTE FUNCTION tenant.refuse_audit_change();

SELECT tenant.force_tenancy('audit_entries');
SELECT tenant.force_tenancy('audit_heads');

-- migrate:down
DROP TABLE tenant.audit_heads;
DROP TABLE tenant.audit_entries;
DROP FUNCTION tenant.refuse_audit_change();
ALTER TABLE tenant.outbox DROP COLUMN audit;
