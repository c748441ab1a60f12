-- Chains, branches, staff, sign-ins and enrolment keys: who is on this cloud.
-- migrate:up

-- A chain is the tenant: its chain_id is its own id.
--
-- Two unique indexes of this schema reach over all tenants, because what they
-- guard is looked up before a tenant is known: the slug is the first word of
-- MQTT topics, the e-mail is all that a sign-in brings. Both tables are small
-- (one row per chain, per staff member); on Citus they are reference tables,
-- where a unique index without the distribution column is allowed.
CREATE TABLE tenant.chains (
  chain_id      uuid        NOT NULL,
  name          text        NOT NULL,
  slug          text        NOT NULL,
  description   text        NOT NULL DEFAULT '',
  contact_email text        NOT NULL DEFAULT '',
  contact_phone text        NOT NULL DEFAULT '',
  plan          text        NOT NULL DEFAULT 'BASIC',
  active        boolean     NOT NULL DEFAULT true,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  deleted_at    timestamptz,
  CONSTRAINT chains_pkey PRIMARY KEY (chain_id),
  CONSTRAINT chains_not_the_platform CHECK (chain_id <> '00000000-0000-0000-0000-000000000000'),
  CONSTRAINT chains_slug_form CHECK (slug ~ '^[a-z0-9-]{2,100}$'),
  CONSTRAINT chains_plan_known CHECK (plan IN ('BASIC', 'PROFESSIONAL', 'ENTERPRISE'))
);
CREATE UNIQUE INDEX chains_slug_unique ON tenant.chains (slug) WHERE deleted_at IS NULL;
CREATE INDEX chains_by_name ON tenant.chains (name, chain_id) WHERE deleted_at IS NULL;

-- A deleted branch stays as a row, so that what refers to it keeps its name;
-- its code is free again.
CREATE TABLE tenant.branches (
  chain_id            uuid        NOT NULL,
  branch_id           uuid        NOT NULL,
  name                text        NOT NULL,
  branch_code         text        NOT NULL,
  address             text        NOT NULL DEFAULT '',
  city                text        NOT NULL DEFAULT '',
  postal_code         text        NOT NULL DEFAULT '',
  latitude            double precision,
  longitude           double precision,
  time_zone           text        NOT NULL,
  active              boolean     NOT NULL DEFAULT true,
  rental_term_seconds integer     NOT NULL,
  created_at          timestamptz NOT NULL,
  updated_at          timestamptz NOT NULL,
  deleted_at          timestamptz,
  CONSTRAINT branches_pkey PRIMARY KEY (chain_id, branch_id),
  CONSTRAINT branches_chain_fkey FOREIGN KEY (chain_id) REFERENCES tenant.chains (chain_id),
  CONSTRAINT branches_code_form CHECK (branch_code ~ '^[A-Za-z0-9-]{1,50}$'),
  CONSTRAINT branches_latitude_range CHECK (latitude BETWEEN -90 AND 90),
  CONSTRAINT branches_longitude_range CHECK (longitude BETWEEN -180 AND 180),
  CONSTRAINT branches_rental_term_range CHECK (rental_term_seconds BETWEEN 60 AND 604800)
);
CREATE UNIQUE INDEX branches_code_unique ON tenant.branches (chain_id, branch_code)
  WHERE deleted_at IS NULL;
CREATE INDEX branches_by_name ON tenant.branches (name, branch_id) WHERE deleted_at IS NULL;
-- Services and platform admins ask for a branch without knowing its chain.
CREATE INDEX branches_by_id ON tenant.branches (branch_id);

-- Staff. A platform admin belongs to no chain: the nil UUID stands for the
-- platform, so that one table, one sign-in and one row rule serve everybody; no
-- chain may have that id. whole_chain says outright that a role is not limited to
-- branches, so that an empty list can never mean "everywhere" by accident.
CREATE TABLE tenant.users (
  chain_id      uuid        NOT NULL,
  user_id       uuid        NOT NULL,
  chain_ref     uuid        GENERATED ALWAYS AS
                  (nullif(chain_id, '00000000-0000-0000-0000-000000000000')) STORED,
  email         text        NOT NULL,
  name          text        NOT NULL,
  password_hash text        NOT NULL,
  role          text        NOT NULL,
  whole_chain   boolean     NOT NULL,
  active        boolean     NOT NULL DEFAULT true,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  deleted_at    timestamptz,
  CONSTRAINT users_pkey PRIMARY KEY (chain_id, user_id),
  CONSTRAINT users_chain_fkey FOREIGN KEY (chain_ref) REFERENCES tenant.chains (chain_id),
  CONSTRAINT users_email_lower CHECK (email = lower(email)),
  CONSTRAINT users_role_known CHECK
    (role IN ('VIEWER', 'INSTALLER', 'OPERATOR', 'ADMIN', 'OWNER', 'PLATFORM_ADMIN')),
  CONSTRAINT users_platform_admin_without_chain CHECK ((role = 'PLATFORM_ADMIN') = (chain_ref IS NULL)),
  CONSTRAINT users_platform_admin_everywhere CHECK (role <> 'PLATFORM_ADMIN' OR whole_chain)
);
CREATE UNIQUE INDEX users_email_unique ON tenant.users (email) WHERE deleted_at IS NULL;

-- The branches of those whose role is limited to branches.
CREATE TABLE tenant.user_branches (
  chain_id  uuid NOT NULL,
  user_id   uuid NOT NULL,
  branch_id uuid NOT NULL,
  CONSTRAINT user_branches_pkey PRIMARY KEY (chain_id, user_id, branch_id),
  CONSTRAINT user_branches_user_fkey FOREIGN KEY (chain_id, user_id)
    REFERENCES tenant.users (chain_id, user_id),
  CONSTRAINT user_branches_branch_fkey FOREIGN KEY (chain_id, branch_id)
    REFERENCES tenant.branches (chain_id, branch_id)
);

-- One sign-in and the family of refresh tokens that came out of it.
CREATE TABLE tenant.sign_ins (
  chain_id       uuid        NOT NULL,
  sign_in_id     uuid        NOT NULL,
  user_id        uuid        NOT NULL,
  created_at     timestamptz NOT NULL,
  revoked_at     timestamptz,
  revoked_reason text,
  CONSTRAINT sign_ins_pkey PRIMARY KEY (chain_id, sign_in_id),
  CONSTRAINT sign_ins_user_fkey FOREIGN KEY (chain_id, user_id)
    REFERENCES tenant.users (chain_id, user_id),
  CONSTRAINT sign_ins_revoked_why CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE INDEX sign_ins_by_user ON tenant.sign_ins (chain_id, user_id);

CREATE TABLE tenant.refresh_tokens (
  chain_id   uuid        NOT NULL,
  token_id   uuid        NOT NULL,
  sign_in_id uuid        NOT NULL,
  token_hash text        NOT NULL,
  issued_at  timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  CONSTRAINT refresh_tokens_pkey PRIMARY KEY (chain_id, token_id),
  CONSTRAINT refresh_tokens_sign_in_fkey FOREIGN KEY (chain_id, sign_in_id)
    REFERENCES tenant.sign_ins (chain_id, sign_in_id) ON DELETE CASCADE
);
-- Not unique on purpose: the hash of 256 random bits needs no guard, and the
-- look-up comes before the tenant is known.
CREATE INDEX refresh_tokens_by_hash ON tenant.refresh_tokens (token_hash);
CREATE INDEX refresh_tokens_by_sign_in ON tenant.refresh_tokens (chain_id, sign_in_id);

CREATE TABLE tenant.enrollment_keys (
  chain_id   uuid        NOT NULL,
  key_id     uuid        NOT NULL,
  branch_id  uuid        NOT NULL,
  key_hash   text        NOT NULL,
  max_uses   integer     NOT NULL,
  used       integer     NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by text        NOT NULL,
  CONSTRAINT enrollment_keys_pkey PRIMARY KEY (chain_id, key_id),
  CONSTRAINT enrollment_keys_branch_fkey FOREIGN KEY (chain_id, branch_id)
    REFERENCES tenant.branches (chain_id, branch_id),
  CONSTRAINT enrollment_keys_uses_range CHECK (max_uses BETWEEN 1 AND 100),
  CONSTRAINT enrollment_keys_never_overspent CHECK (used BETWEEN 0 AND max_uses)
);
-- Looked up by the secret alone; not unique for the reason of refresh_tokens_by_hash.
CREATE INDEX enrollment_keys_by_hash ON tenant.enrollment_keys (key_hash);
CREATE INDEX enrollment_keys_by_branch ON tenant.enrollment_keys (chain_id, branch_id, key_id);

-- Which device spent a use of which key: the same one asks again for nothing.
CREATE TABLE tenant.enrollment_redemptions (
  chain_id    uuid        NOT NULL,
  key_id      uuid        NOT NULL,
  mac_address text        NOT NULL,
  redeemed_at timestamptz NOT NULL,
  CONSTRAINT enrollment_redemptions_pkey PRIMARY KEY (chain_id, key_id, mac_address),
  CONSTRAINT enrollment_redemptions_key_fkey FOREIGN KEY (chain_id, key_id)
    REFERENCES tenant.enrollment_keys (chain_id, key_id)
);

CREATE TABLE tenant.idempotency_keys (
  chain_id     uuid        NOT NULL,
  principal    text        NOT NULL,
  method       text        NOT NULL,
  key          text        NOT NULL,
  request_hash text        NOT NULL,
  answer       bytea,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (chain_id, principal, method, key)
);
CREATE INDEX idempotency_keys_by_age ON tenant.idempotency_keys (created_at);

CREATE TABLE tenant.outbox (
  chain_id    uuid        NOT NULL,
  seq         bigint      GENERATED ALWAYS AS IDENTITY,
  xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
  event_id    uuid        NOT NULL,
  branch_id   uuid,
  device_id   uuid,
  type        text        NOT NULL,
  subject     text        NOT NULL,
  occurred_at timestamptz NOT NULL,
  payload     jsonb       NOT NULL,
  trace_id    text        NOT NULL DEFAULT '',
  CONSTRAINT outbox_pkey PRIMARY KEY (chain_id, seq)
);
CREATE INDEX outbox_order ON tenant.outbox (xid, seq);

-- How far each sink is; no tenant's data.
CREATE TABLE tenant.outbox_cursors (
  sink text   NOT NULL,
  xid  xid8   NOT NULL DEFAULT '0',
  seq  bigint NOT NULL DEFAULT 0,
  CONSTRAINT outbox_cursors_pkey PRIMARY KEY (sink)
);

-- Every table that holds a tenant's rows shows them to that tenant only, to
-- whoever asks, the owner included. Unset means nobody.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['chains', 'branches', 'users', 'user_branches', 'sign_ins',
                           'refresh_tokens', 'enrollment_keys', 'enrollment_redemptions',
                           'idempotency_keys', 'outbox'] LOOP
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
