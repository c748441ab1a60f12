-- A second factor of staff: codes of an authenticator app, and recovery codes.
-- migrate:up

-- The secret is encrypted; unlike a password it is needed as it is. last_step: no
-- code of this step of 30 s or an earlier one counts again.
CREATE TABLE tenant.second_factors (
  chain_id      uuid        NOT NULL,
  user_id       uuid        NOT NULL,
  secret_sealed bytea       NOT NULL,
  created_at    timestamptz NOT NULL,
  confirmed_at  timestamptz,
  last_step     bigint      NOT NULL DEFAULT 0,
  CONSTRAINT second_factors_pkey PRIMARY KEY (chain_id, user_id),
  CONSTRAINT second_factors_user_fkey FOREIGN KEY (chain_id, user_id)
    REFERENCES tenant.users (chain_id, user_id)
);

-- Those that are not spent.
CREATE TABLE tenant.recovery_codes (
  chain_id  uuid NOT NULL,
  user_id   uuid NOT NULL,
  code_hash text NOT NULL,
  CONSTRAINT recovery_codes_pkey PRIMARY KEY (chain_id, user_id, code_hash),
  CONSTRAINT recovery_codes_factor_fkey FOREIGN KEY (chain_id, user_id)
    REFERENCES tenant.second_factors (chain_id, user_id) ON DELETE CASCADE
);

SELECT tenant.force_tenancy('second_factors');
SELECT tenant.force_tenancy('recovery_codes');

-- migrate:down
DROP TABLE tenant.recovery_codes;
DROP TABLE tenant.second_factors;
