-- One-time codes: how shoppers sign in. No phone stands here, only keyed hashes
-- of it; without the key, which is in no database, nobody can tell whose they are.
-- migrate:up

-- At most one live code per phone and chain: its row is replaced by the next.
CREATE TABLE tenant.one_time_codes (
  chain_id     uuid        NOT NULL,
  phone_hash   text        NOT NULL,
  challenge_id uuid        NOT NULL,
  code_hash    text        NOT NULL,
  issued_at    timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  CONSTRAINT one_time_codes_pkey PRIMARY KEY (chain_id, phone_hash),
  CONSTRAINT one_time_codes_chain_fkey FOREIGN KEY (chain_id) REFERENCES tenant.chains (chain_id),
  CONSTRAINT one_time_codes_life CHECK (expires_at > issued_at)
);

-- Every message sent in the last days, for the limits and for how many of them
-- were worth it. send_id is the challenge's.
CREATE TABLE tenant.otp_sends (
  chain_id     uuid        NOT NULL,
  send_id      uuid        NOT NULL,
  branch_id    uuid        NOT NULL,
  phone_hash   text        NOT NULL,
  prefix_hash  text        NOT NULL,
  address_hash text        NOT NULL,
  sent_at      timestamptz NOT NULL,
  verified_at  timestamptz,
  CONSTRAINT otp_sends_pkey PRIMARY KEY (chain_id, send_id),
  CONSTRAINT otp_sends_branch_fkey FOREIGN KEY (chain_id, branch_id)
    REFERENCES tenant.branches (chain_id, branch_id)
);
CREATE INDEX otp_sends_by_branch ON tenant.otp_sends (chain_id, branch_id, sent_at);
CREATE INDEX otp_sends_by_chain ON tenant.otp_sends (chain_id, sent_at);
-- These limits hold for all chains together: whoever pumps messages changes chains.
CREATE INDEX otp_sends_by_phone ON tenant.otp_sends (phone_hash, sent_at);
CREATE INDEX otp_sends_by_prefix ON tenant.otp_sends (prefix_hash, sent_at);
CREATE INDEX otp_sends_by_address ON tenant.otp_sends (address_hash, sent_at);
CREATE INDEX otp_sends_by_age ON tenant.otp_sends (sent_at);

-- Wrong codes per phone and chain, whichever code they were meant for. `tries`
-- of the round under way; a full round blocks for a while and counts in `rounds`.
CREATE TABLE tenant.otp_people (
  chain_id      uuid        NOT NULL,
  phone_hash    text        NOT NULL,
  tries         integer     NOT NULL DEFAULT 0,
  rounds        integer     NOT NULL DEFAULT 0,
  tried_at      timestamptz NOT NULL,
  tried_before  timestamptz NOT NULL,
  blocked_until timestamptz,
  CONSTRAINT otp_people_pkey PRIMARY KEY (chain_id, phone_hash),
  CONSTRAINT otp_people_chain_fkey FOREIGN KEY (chain_id) REFERENCES tenant.chains (chain_id),
  CONSTRAINT otp_people_counts CHECK (tries >= 0 AND rounds >= 0)
);

-- Ranges of numbers to which codes went that nobody typed in.
CREATE TABLE tenant.otp_stopped_prefixes (
  chain_id      uuid        NOT NULL,
  prefix_hash   text        NOT NULL,
  stopped_until timestamptz NOT NULL,
  CONSTRAINT otp_stopped_prefixes_pkey PRIMARY KEY (chain_id, prefix_hash),
  CONSTRAINT otp_stopped_prefixes_chain_fkey FOREIGN KEY (chain_id)
    REFERENCES tenant.chains (chain_id)
);
CREATE INDEX otp_stopped_prefixes_by_prefix ON tenant.otp_stopped_prefixes (prefix_hash);

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['one_time_codes', 'otp_sends', 'otp_people', 'otp_stopped_prefixes'] LOOP
    EXECUTE format('ALTER TABLE tenant.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE tenant.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($policy$
      CREATE POLICY %I ON tenant.%I
        USING (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
               OR current_setting('cartwise.platform', true) = 'on')
        WITH CHECK (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
               OR current_setting('cartwise.platform', true) = 'on')$policy$, t || '_of_tenant', t);
  END LOOP;
END
$$;

-- migrate:down
DROP TABLE tenant.otp_stopped_prefixes;
DROP TABLE tenant.otp_people;
DROP TABLE tenant.otp_sends;
DROP TABLE tenant.one_time_codes;
