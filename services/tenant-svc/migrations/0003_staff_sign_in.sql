-- Staff: passwords by one-time link, and what people are told of their sign-ins.
-- migrate:up

-- At most one live link per user: its row is replaced by the next, and goes when
-- a password is set.
CREATE TABLE tenant.password_links (
  chain_id   uuid        NOT NULL,
  user_id    uuid        NOT NULL,
  link_hash  text        NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  created_by text        NOT NULL,
  CONSTRAINT password_links_pkey PRIMARY KEY (chain_id, user_id),
  CONSTRAINT password_links_user_fkey FOREIGN KEY (chain_id, user_id)
    REFERENCES tenant.users (chain_id, user_id),
  CONSTRAINT password_links_life CHECK (expires_at > created_at)
);
-- Looked up by the secret alone; not unique for the reason of refresh_tokens_by_hash.
CREATE INDEX password_links_by_hash ON tenant.password_links (link_hash);

ALTER TABLE tenant.password_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant.password_links FORCE ROW LEVEL SECURITY;
CREATE POLICY password_links_of_tenant ON tenant.password_links
  USING (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
         OR current_setting('cartwise.platform', true) = 'on')
  WITH CHECK (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
         OR current_setting('cartwise.platform', true) = 'on');

-- Sign-ins that failed, per e-mail and network ('pair') and per network ('address'),
-- counted as wrong codes are in otp_people. Keyed hashes of no tenant: whose
-- e-mail it is, or whether anybody's, is not known yet.
CREATE TABLE tenant.sign_in_tries (
  bucket_hash   text        NOT NULL,
  kind          text        NOT NULL,
  tries         integer     NOT NULL DEFAULT 0,
  rounds        integer     NOT NULL DEFAULT 0,
  tried_at      timestamptz NOT NULL,
  tried_before  timestamptz NOT NULL,
  blocked_until timestamptz,
  CONSTRAINT sign_in_tries_pkey PRIMARY KEY (bucket_hash, kind),
  CONSTRAINT sign_in_tries_kind_known CHECK (kind IN ('pair', 'address')),
  CONSTRAINT sign_in_tries_counts CHECK (tries >= 0 AND rounds >= 0)
);
ALTER TABLE tenant.sign_in_tries ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant.sign_in_tries FORCE ROW LEVEL SECURITY;
CREATE POLICY sign_in_tries_of_platform ON tenant.sign_in_tries
  USING (current_setting('cartwise.platform', true) = 'on')
  WITH CHECK (current_setting('cartwise.platform', true) = 'on');

-- Networks from which somebody signed in: nobody else's tries keep them out there.
CREATE TABLE tenant.sign_in_places (
  chain_id     uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  address_hash text        NOT NULL,
  seen_at      timestamptz NOT NULL,
  CONSTRAINT sign_in_places_pkey PRIMARY KEY (chain_id, user_id, address_hash),
  CONSTRAINT sign_in_places_user_fkey FOREIGN KEY (chain_id, user_id)
    REFERENCES tenant.users (chain_id, user_id)
);
ALTER TABLE tenant.sign_in_places ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant.sign_in_places FORCE ROW LEVEL SECURITY;
CREATE POLICY sign_in_places_of_tenant ON tenant.sign_in_places
  USING (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
         OR current_setting('cartwise.platform', true) = 'on')
  WITH CHECK (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
         OR current_setting('cartwise.platform', true) = 'on');

-- When a sign-in was last refreshed (NULL: never) and from which network it was
-- used last: an IPv4 address or an IPv6 /64.
ALTER TABLE tenant.sign_ins ADD COLUMN used_at timestamptz;
ALTER TABLE tenant.sign_ins ADD COLUMN address text NOT NULL DEFAULT '';

-- migrate:down
DROP TABLE tenant.sign_in_places;
DROP TABLE tenant.sign_in_tries;
ALTER TABLE tenant.sign_ins DROP COLUMN address;
ALTER TABLE tenant.sign_ins DROP COLUMN used_at;
DROP TABLE tenant.password_links;
