-- Devices, their boards, their streams, and the commands that were sent to them.
-- migrate:up

-- One unique index of this schema reaches over all tenants: a MAC address is
-- looked up before a tenant is known, and two devices with one address are
-- wrong wherever they stand. The table is small (one row per Pi); on Citus it
-- is a reference table, where a unique index without the distribution column is
-- allowed. A retired device gives its address free, so that its Pi can enrol anew.
CREATE TABLE device.devices (
  chain_id             uuid        NOT NULL,
  device_id            uuid        NOT NULL,
  branch_id            uuid        NOT NULL,
  device_name          text        NOT NULL,
  mac_address          text        NOT NULL,
  serial_number        text        NOT NULL DEFAULT '',
  status               text        NOT NULL DEFAULT 'OFFLINE',
  status_since         timestamptz NOT NULL,
  lifecycle            text        NOT NULL DEFAULT 'PROVISIONED',
  transport            text        NOT NULL DEFAULT 'STREAM',
  last_heartbeat       timestamptz,
  firmware_version     text        NOT NULL DEFAULT '',
  ip_address           text        NOT NULL DEFAULT '',
  token_hash           text        NOT NULL,
  token_used           boolean     NOT NULL DEFAULT false,
  previous_token_hash  text        NOT NULL DEFAULT '',
  previous_token_until timestamptz,
  created_at           timestamptz NOT NULL,
  updated_at           timestamptz NOT NULL,
  CONSTRAINT devices_pkey PRIMARY KEY (chain_id, device_id),
  CONSTRAINT devices_mac_form CHECK (mac_address ~ '^([0-9a-f]{2}:){5}[0-9a-f]{2}$'),
  CONSTRAINT devices_status_known CHECK (status IN ('OFFLINE', 'ONLINE', 'ERROR')),
  CONSTRAINT devices_lifecycle_known CHECK
    (lifecycle IN ('PROVISIONED', 'ACTIVE', 'QUARANTINED', 'RETIRED')),
  CONSTRAINT devices_transport_known CHECK (transport IN ('STREAM', 'MQTT')),
  -- Only a device in service is there: quarantine and retirement end its presence.
  CONSTRAINT devices_there_only_in_service CHECK (status = 'OFFLINE' OR lifecycle = 'ACTIVE')
);
CREATE UNIQUE INDEX devices_mac_unique ON device.devices (mac_address) WHERE lifecycle <> 'RETIRED';
-- Services and platform admins ask for a device without knowing its chain.
CREATE INDEX devices_by_id ON device.devices (device_id);
CREATE INDEX devices_by_name ON device.devices (device_name, device_id);
-- The presence job walks those that are there.
CREATE INDEX devices_there ON device.devices (last_heartbeat) WHERE status <> 'OFFLINE';

CREATE TABLE device.controllers (
  chain_id           uuid        NOT NULL,
  controller_id      uuid        NOT NULL,
  device_id          uuid        NOT NULL,
  branch_id          uuid        NOT NULL,
  controller_address integer     NOT NULL,
  port               text        NOT NULL,
  baudrate           integer     NOT NULL,
  status             text        NOT NULL DEFAULT 'INACTIVE',
  invert_hook        boolean     NOT NULL DEFAULT false,
  has_ir             boolean     NOT NULL DEFAULT false,
  pulse_ms           integer     NOT NULL,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  CONSTRAINT controllers_pkey PRIMARY KEY (chain_id, controller_id),
  CONSTRAINT controllers_device_fkey FOREIGN KEY (chain_id, device_id)
    REFERENCES device.devices (chain_id, device_id),
  CONSTRAINT controllers_address_unique UNIQUE (chain_id, device_id, port, controller_address),
  CONSTRAINT controllers_address_range CHECK (controller_address BETWEEN 0 AND 9),
  CONSTRAINT controllers_port_given CHECK (port <> ''),
  CONSTRAINT controllers_baudrate_known CHECK (baudrate IN (9600, 19200, 57600, 115200)),
  CONSTRAINT controllers_status_known CHECK (status IN ('INACTIVE', 'ACTIVE', 'ERROR')),
  CONSTRAINT controllers_pulse_range CHECK (pulse_ms BETWEEN 10 AND 60000)
);
CREATE INDEX controllers_by_id ON device.controllers (controller_id);

-- Running processes of this service. A stream is alive while the lease of the
-- process that holds it runs; one row a process renews instead of one a stream.
-- No tenant's data.
CREATE TABLE device.replicas (
  replica_id   uuid        NOT NULL,
  leased_until timestamptz NOT NULL,
  CONSTRAINT replicas_pkey PRIMARY KEY (replica_id)
);

-- The control stream of each device: which one counts, and who holds it. Both
-- are NULL while there is none. An order is numbered by last_seq of this row and
-- only under the stream that counts, so a process that lost it (a zombie) can
-- send nothing.
CREATE TABLE device.streams (
  chain_id    uuid        NOT NULL,
  device_id   uuid        NOT NULL,
  stream_id   uuid,
  replica_id  uuid,
  agent_epoch text        NOT NULL,
  last_seq    bigint      NOT NULL,
  opened_at   timestamptz NOT NULL,
  CONSTRAINT streams_pkey PRIMARY KEY (chain_id, device_id),
  CONSTRAINT streams_device_fkey FOREIGN KEY (chain_id, device_id)
    REFERENCES device.devices (chain_id, device_id),
  CONSTRAINT streams_held_or_not CHECK ((stream_id IS NULL) = (replica_id IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX streams_by_replica ON device.streams (replica_id) WHERE replica_id IS NOT NULL;

-- What was sent. A command belongs to its chain, so (chain_id, command_id) is
-- its whole key: an id of another chain is another command, and is refused by
-- the device.
--
-- device_id is NULL in a tombstone only: an id that was looked up before it was
-- ever accepted (reason NEVER_ACCEPTED) and can therefore never be executed.
-- seq is NULL until the order is numbered for the wire. There is no foreign key
-- to devices on purpose: a row comes into being only beside its locked streams
-- row, which has one.
CREATE TABLE device.commands (
  chain_id        uuid        NOT NULL,
  command_id      uuid        NOT NULL,
  device_id       uuid,
  kind            text        NOT NULL,
  arguments       jsonb       NOT NULL DEFAULT '{}',
  state           text        NOT NULL,
  attempts        integer     NOT NULL DEFAULT 0,
  issued_at       timestamptz NOT NULL DEFAULT now(),
  ttl_ms          integer     NOT NULL,
  stream_id       uuid,
  agent_epoch     text        NOT NULL DEFAULT '',
  seq             bigint,
  -- The process whose caller waits, when another one holds the stream.
  waiting_replica uuid,
  -- The agent itself said UNKNOWN: only what the area sees later may settle it.
  reported        boolean     NOT NULL DEFAULT false,
  result          jsonb       NOT NULL DEFAULT '{}',
  reason          text        NOT NULL DEFAULT '',
  requested_by    text        NOT NULL,
  purpose         text        NOT NULL DEFAULT '',
  settled_at      timestamptz,
  CONSTRAINT commands_pkey PRIMARY KEY (chain_id, command_id),
  CONSTRAINT commands_state_known CHECK
    (state IN ('SENT', 'SUCCEEDED', 'FAILED', 'DROPPED', 'REJECTED', 'UNKNOWN')),
  CONSTRAINT commands_settled_unless_sent CHECK ((state = 'SENT') = (settled_at IS NULL)),
  CONSTRAINT commands_of_a_device CHECK
    ((device_id IS NULL) = (state = 'DROPPED' AND reason = 'NEVER_ACCEPTED')),
  CONSTRAINT commands_seq_unique UNIQUE (chain_id, device_id, agent_epoch, seq)
);
CREATE INDEX commands_by_device ON device.commands (chain_id, device_id, issued_at, command_id);
CREATE INDEX commands_unsettled ON device.commands (chain_id, device_id)
  WHERE state IN ('SENT', 'UNKNOWN');

-- What a device proved is proven: the guarded updates of the program never try
-- this, and nobody else gets through either.
CREATE FUNCTION device.refuse_command_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'command % is %, it cannot become %', OLD.command_id, OLD.state, NEW.state
    USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER commands_final_is_final BEFORE UPDATE ON device.commands FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state
        AND (OLD.state NOT IN ('SENT', 'UNKNOWN') OR NEW.state = 'SENT'))
  EXECUTE FUNCTION device.refuse_command_change();

CREATE TABLE device.idempotency_keys (
  chain_id     uuid        NOT NULL,
  principal    text        NOT NULL,
  method       text        NOT NULL,
  key          text        NOT NULL,
  request_hash text        NOT NULL,
  answer       bytea,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (chain_id, principal, method, key)
);
CREATE INDEX idempotency_keys_by_age ON device.idempotency_keys (created_at);

CREATE TABLE device.outbox (
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
CREATE INDEX outbox_order ON device.outbox (xid, seq);

-- How far each sink is; no tenant's data.
CREATE TABLE device.outbox_cursors (
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
  FOREACH t IN ARRAY ARRAY['devices', 'controllers', 'streams', 'commands',
                           'idempotency_keys', 'outbox'] LOOP
    EXECUTE format('ALTER TABLE device.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE device.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($policy$
      CREATE POLICY %I ON device.%I
        USING (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
               OR current_setting('cartwise.platform', true) = 'on')
        WITH CHECK (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
               OR current_setting('cartwise.platform', true) = 'on')$policy$, t || '_of_tenant', t);
  END LOOP;
END
$$;

-- migrate:down
