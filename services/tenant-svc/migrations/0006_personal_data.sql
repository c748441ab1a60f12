-- Erasures of people: the proof that it was done, and what a restored backup
-- needs to do it again. No phone stands here once it is done, only keyed hashes.
-- migrate:up

-- phone_sealed is what services that are away will still need: encrypted, and
-- gone with the last of them.
CREATE TABLE tenant.erasures (
  chain_id     uuid        NOT NULL,
  erasure_id   uuid        NOT NULL,
  phone_hash   text        NOT NULL,
  phone_sealed bytea,
  state        text        NOT NULL,
  requested_by text        NOT NULL,
  requested_at timestamptz NOT NULL,
  tried_at     timestamptz NOT NULL,
  done_at      timestamptz,
  CONSTRAINT erasures_pkey PRIMARY KEY (chain_id, erasure_id),
  CONSTRAINT erasures_chain_fkey FOREIGN KEY (chain_id) REFERENCES tenant.chains (chain_id),
  CONSTRAINT erasures_state_known CHECK (state IN ('RUNNING', 'DONE')),
  CONSTRAINT erasures_done_has_time CHECK ((state = 'DONE') = (done_at IS NOT NULL)),
  CONSTRAINT erasures_done_has_no_phone CHECK (state <> 'DONE' OR phone_sealed IS NULL)
);
CREATE INDEX erasures_running ON tenant.erasures (tried_at) WHERE state = 'RUNNING';
CREATE INDEX erasures_by_id ON tenant.erasures (erasure_id);

-- What each service did. `handle` names the person to that service alone.
CREATE TABLE tenant.erasure_parts (
  chain_id    uuid        NOT NULL,
  erasure_id  uuid        NOT NULL,
  holder      text        NOT NULL,
  handle      text        NOT NULL DEFAULT '',
  rows_erased bigint      NOT NULL DEFAULT 0,
  erased_at   timestamptz,
  CONSTRAINT erasure_parts_pkey PRIMARY KEY (chain_id, erasure_id, holder),
  CONSTRAINT erasure_parts_erasure_fkey FOREIGN KEY (chain_id, erasure_id)
    REFERENCES tenant.erasures (chain_id, erasure_id) ON DELETE CASCADE,
  CONSTRAINT erasure_parts_rows CHECK (rows_erased >= 0)
);

SELECT tenant.force_tenancy('erasures');
SELECT tenant.force_tenancy('erasure_parts');

-- migrate:down
DROP TABLE tenant.erasure_parts;
DROP TABLE tenant.erasures;
