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

-- When a sign-in was last refreshed (NULL: never) and from which network it was
-- used last: an IPv4 address or an IPv6 /64.
ALTER TABLE tenant.sign_ins ADD COLUMN used_at timestamptz;
ALTER TABLE tenant.sign_ins ADD COLUMN address text NOT NULL DEFAULT '';

-- migrate:down
ALTER TABLE tenant.sign_ins DROP COLUMN address;
ALTER TABLE tenant.sign_ins DROP COLUMN used_at;
DROP TABLE tenant.password_links;
