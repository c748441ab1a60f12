-- A change of somebody's rights is compared with tokens by a count, not by time:
-- tokens tell theirs to the second, replicas' clocks differ, and a token may be
-- made of what was read just before the change.
-- migrate:up
ALTER TABLE tenant.users ADD COLUMN rights_version bigint NOT NULL DEFAULT 0;
-- Tokens with a smaller version end; NULL for a sign-in, which ends as a whole.
ALTER TABLE tenant.revocations ADD COLUMN rights_version bigint;

CREATE FUNCTION tenant.note_rights(chain uuid, kind text, subject uuid, at timestamptz, version bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  notice text := kind || ' ' || subject || ' ' || (extract(epoch FROM at) * 1000000)::bigint;
BEGIN
  INSERT INTO tenant.revocations (chain_id, kind, subject_id, revoked_at, rights_version)
  VALUES (chain, kind, subject, at, version);
  -- The release before understands this one alone, later ones the next alone.
  PERFORM pg_notify('cartwise_revocations', notice);
  PERFORM pg_notify('cartwise_revocations', notice || ' ' || version);
END
$$;

CREATE FUNCTION tenant.note_user(chain uuid, id uuid, at timestamptz, version bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_rights(chain, 'USER', id, at, version);
  PERFORM tenant.note_rights(chain, 'KEY', k.key_id, at, version)
     FROM tenant.api_keys k
    WHERE k.chain_id = chain AND k.created_by = id AND k.revoked_at IS NULL AND k.expires_at > at;
END
$$;

-- No token of it holds, whatever its version.
CREATE OR REPLACE FUNCTION tenant.api_key_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_rights(NEW.chain_id, 'KEY', NEW.key_id, NEW.revoked_at, 9223372036854775807);
  RETURN NULL;
END
$$;

CREATE FUNCTION tenant.count_rights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.rights_version := OLD.rights_version + 1;
  RETURN NEW;
END
$$;
CREATE TRIGGER count_rights BEFORE UPDATE ON tenant.users
  FOR EACH ROW WHEN (OLD.role <> NEW.role OR OLD.whole_chain <> NEW.whole_chain
                     OR OLD.active <> NEW.active OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at)
  EXECUTE FUNCTION tenant.count_rights();

CREATE OR REPLACE FUNCTION tenant.user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_user(NEW.chain_id, NEW.user_id, NEW.updated_at, NEW.rights_version);
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION tenant.user_lost_branches() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  loser record;
BEGIN
  FOR loser IN
    UPDATE tenant.users u SET rights_version = u.rights_version + 1
     WHERE (u.chain_id, u.user_id) IN (SELECT chain_id, user_id FROM gone)
    RETURNING u.chain_id, u.user_id, u.updated_at, u.rights_version
  LOOP
    PERFORM tenant.note_user(loser.chain_id, loser.user_id, loser.updated_at, loser.rights_version);
  END LOOP;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION tenant.chain_ended() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  loser record;
BEGIN
  FOR loser IN
    UPDATE tenant.users u SET rights_version = u.rights_version + 1
     WHERE u.chain_id = NEW.chain_id AND u.deleted_at IS NULL
    RETURNING u.chain_id, u.user_id, u.rights_version
  LOOP
    PERFORM tenant.note_user(loser.chain_id, loser.user_id, NEW.updated_at, loser.rights_version);
  END LOOP;
  RETURN NULL;
END
$$;

DROP FUNCTION tenant.note_user(uuid, uuid, timestamptz);

-- migrate:down
CREATE FUNCTION tenant.note_user(chain uuid, id uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_revocation(chain, 'USER', id, at);
  PERFORM tenant.note_revocation(chain, 'KEY', k.key_id, at)
     FROM tenant.api_keys k
    WHERE k.chain_id = chain AND k.created_by = id AND k.revoked_at IS NULL AND k.expires_at > at;
END
$$;
CREATE OR REPLACE FUNCTION tenant.chain_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_user(u.chain_id, u.user_id, NEW.updated_at)
     FROM tenant.users u WHERE u.chain_id = NEW.chain_id AND u.deleted_at IS NULL;
  RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION tenant.user_lost_branches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_user(u.chain_id, u.user_id, u.updated_at)
     FROM tenant.users u
    WHERE (u.chain_id, u.user_id) IN (SELECT chain_id, user_id FROM gone);
  RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION tenant.user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_user(NEW.chain_id, NEW.user_id, NEW.updated_at);
  RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION tenant.api_key_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tenant.note_revocation(NEW.chain_id, 'KEY', NEW.key_id, NEW.revoked_at);
  RETURN NULL;
END
$$;
DROP TRIGGER count_rights ON tenant.users;
DROP FUNCTION tenant.count_rights();
DROP FUNCTION tenant.note_user(uuid, uuid, timestamptz, bigint);
DROP FUNCTION tenant.note_rights(uuid, text, uuid, timestamptz, bigint);
ALTER TABLE tenant.revocations DROP COLUMN rights_version;
ALTER TABLE tenant.users DROP COLUMN rights_version;
