-- API keys of integrators, and a note of whatever ends before its token does.
-- migrate:up

-- The secret is not kept. Looked up by the id that stands in it, before the tenant
-- is known. Who made it stays on record: a key may never do more than its maker.
CREATE TABLE tenant.api_keys (
  chain_id            uuid        NOT NULL,
  key_id              uuid        NOT NULL,
  name                text        NOT NULL,
  key_hash            text        NOT NULL,
  last_characters     text        NOT NULL,
  role                text        NOT NULL,
  whole_chain         boolean     NOT NULL,
  branch_ids          uuid[]      NOT NULL,
  scopes              text[]      NOT NULL,
  requests_per_minute integer     NOT NULL,
  created_by          uuid        NOT NULL,
  created_at          timestamptz NOT NULL,
  expires_at          timestamptz NOT NULL,
  revoked_at          timestamptz,
  last_used_at        timestamptz,
  CONSTRAINT api_keys_pkey PRIMARY KEY (chain_id, key_id),
  CONSTRAINT api_keys_maker_fkey FOREIGN KEY (chain_id, created_by)
    REFERENCES tenant.users (chain_id, user_id),
  CONSTRAINT api_keys_role_known CHECK (role IN ('VIEWER', 'INSTALLER', 'OPERATOR', 'ADMIN', 'OWNER')),
  CONSTRAINT api_keys_branches CHECK (whole_chain = (cardinality(branch_ids) = 0)),
  CONSTRAINT api_keys_scopes CHECK (cardinality(scopes) > 0),
  CONSTRAINT api_keys_rate CHECK (requests_per_minute BETWEEN 0 AND 100000),
  CONSTRAINT api_keys_life CHECK (expires_at > created_at)
);
CREATE INDEX api_keys_by_id ON tenant.api_keys (key_id);
CREATE INDEX api_keys_by_maker ON tenant.api_keys (chain_id, created_by);

-- What ended although tokens of it are still good: SIGN_IN for good; USER: every
-- token made before; KEY: whatever is remembered of the key. Written by triggers,
-- so that no way to end something can forget it; kept as long as a token lives.
CREATE TABLE tenant.revocations (
  chain_id      uuid        NOT NULL,
  revocation_id bigint      GENERATED ALWAYS AS IDENTITY,
  kind          text        NOT NULL,
  subject_id    uuid        NOT NULL,
  revoked_at    timestamptz NOT NULL,
  CONSTRAINT revocations_pkey PRIMARY KEY (chain_id, revocation_id),
  CONSTRAINT revocations_kind_known CHECK (kind IN ('SIGN_IN', 'USER', 'KEY'))
);
CREATE INDEX revocations_by_time ON tenant.revocations (revoked_at);

CREATE FUNCTION tenant.note_revocation(chain uuid, kind text, subject uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tenant.revocations (chain_id, kind, subject_id, revoked_at)
  VALUES (chain, kind, subject, at);
  PERFORM pg_notify('cartwise_revocations',
                    kind || ' ' || subject || ' ' || (extract(epoch FROM at) * 1000000)::bigint);
END
$$;

-- Somebody's rights changed: their tokens are old, and so is what is remembered of
-- their keys.
CREATE FUNCTION tenant.note_user(chain uuid, id uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_revocation(chain, 'USER', id, at);
  PERFORM tenant.note_revocation(chain, 'KEY', k.key_id, at)
     FROM tenant.api_keys k
    WHERE k.chain_id = chain AND k.created_by = id AND k.revoked_at IS NULL AND k.expires_at > at;
END
$$;

CREATE FUNCTION tenant.sign_in_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_revocation(NEW.chain_id, 'SIGN_IN', NEW.sign_in_id, NEW.revoked_at);
  RETURN NULL;
END
$$;
CREATE TRIGGER sign_in_ended AFTER UPDATE OF revoked_at ON tenant.sign_ins
  FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
  EXECUTE FUNCTION tenant.sign_in_ended();

CREATE FUNCTION tenant.api_key_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_revocation(NEW.chain_id, 'KEY', NEW.key_id, NEW.revoked_at);
  RETURN NULL;
END
$$;
CREATE TRIGGER api_key_revoked AFTER UPDATE OF revoked_at ON tenant.api_keys
  FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
  EXECUTE FUNCTION tenant.api_key_revoked();

CREATE FUNCTION tenant.user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_user(NEW.chain_id, NEW.user_id, NEW.updated_at);
  RETURN NULL;
END
$$;
CREATE TRIGGER user_changed AFTER UPDATE ON tenant.users
  FOR EACH ROW WHEN (OLD.role <> NEW.role OR OLD.whole_chain <> NEW.whole_chain
                     OR OLD.active <> NEW.active OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at)
  EXECUTE FUNCTION tenant.user_changed();

CREATE FUNCTION tenant.user_lost_branches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_user(u.chain_id, u.user_id, u.updated_at)
     FROM tenant.users u
    WHERE (u.chain_id, u.user_id) IN (SELECT chain_id, user_id FROM gone);
  RETURN NULL;
END
$$;
CREATE TRIGGER user_lost_branches AFTER DELETE ON tenant.user_branches
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
  EXECUTE FUNCTION tenant.user_lost_branches();

CREATE FUNCTION tenant.chain_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_user(u.chain_id, u.user_id, NEW.updated_at)
     FROM tenant.users u WHERE u.chain_id = NEW.chain_id AND u.deleted_at IS NULL;
  RETURN NULL;
END
$$;
CREATE TRIGGER chain_ended AFTER UPDATE ON tenant.chains
  FOR EACH ROW WHEN ((OLD.active AND NOT NEW.active)
                     OR (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL))
  EXECUTE FUNCTION tenant.chain_ended();

-- Every table that holds a tenant's rows shows them to that tenant only, to
-- whoever asks, the owner included. Unset means nobody.
CREATE FUNCTION tenant.force_tenancy(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE tenant.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE tenant.%I FORCE ROW LEVEL SECURITY', name);
  EXECUTE format($policy$
    CREATE POLICY %I ON tenant.%I
      USING (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
             OR current_setting('cartwise.platform', true) = 'on')
      WITH CHECK (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
             OR current_setting('cartwise.platform', true) = 'on')$policy$,
    name || '_of_tenant', name);
END
$$;
REVOKE ALL ON FUNCTION tenant.force_tenancy(text) FROM PUBLIC, cartwise_tenant_app;

SELECT tenant.force_tenancy('api_keys');
SELECT tenant.force_tenancy('revocations');

-- migrate:down
DROP TRIGGER chain_ended ON tenant.chains;
DROP TRIGGER user_lost_branches ON tenant.user_branches;
DROP TRIGGER user_changed ON tenant.users;
DROP TRIGGER sign_in_ended ON tenant.sign_ins;
DROP TABLE tenant.revocations;
DROP TABLE tenant.api_keys;
DROP FUNCTION tenant.chain_ended;
DROP FUNCTION tenant.user_lost_branches;
DROP FUNCTION tenant.user_changed;
DROP FUNCTION tenant.api_key_revoked;
DROP FUNCTION tenant.sign_in_ended;
DROP FUNCTION tenant.note_user;
DROP FUNCTION tenant.note_revocation;
DROP FUNCTION tenant.force_tenancy(text);
