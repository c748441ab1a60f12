-- What comes again is known also where its time is reckoned anew or its id made here.
-- migrate:up

-- Events whose time the cloud reckons whenever they come: what an agent reports, and what a
-- device sends without a time. Kept as long as the record.
CREATE TABLE telemetry.seen_events (
  chain_id  uuid        NOT NULL,
  device_id uuid        NOT NULL,
  event_id  uuid        NOT NULL,
  seen_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT seen_events_pkey PRIMARY KEY (chain_id, device_id, event_id)
);
CREATE INDEX seen_events_by_age ON telemetry.seen_events (seen_at);
SELECT telemetry.force_tenancy('seen_events');

CREATE TABLE telemetry.idempotency_keys (
  chain_id     uuid        NOT NULL,
  principal    text        NOT NULL,
  method       text        NOT NULL,
  key          text        NOT NULL,
  request_hash text        NOT NULL,
  answer       bytea,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (chain_id, principal, method, key)
);
CREATE INDEX idempotency_keys_by_age ON telemetry.idempotency_keys (created_at);
SELECT telemetry.force_tenancy('idempotency_keys');

-- migrate:down
