-- migrate:up
-- Carts, rentals, what this service keeps of branches and devices, and its outbox.

-- What other services told us. ------------------------------------------------

CREATE TABLE rental.chains (
  chain_id uuid PRIMARY KEY,
  active boolean NOT NULL,
  changed_at timestamptz NOT NULL
);

CREATE TABLE rental.branches (
  chain_id uuid NOT NULL,
  branch_id uuid NOT NULL,
  active boolean NOT NULL,
  deleted boolean NOT NULL DEFAULT false,
  rental_term interval NOT NULL DEFAULT '2 hours',
  time_zone text NOT NULL DEFAULT 'Asia/Jerusalem',
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (chain_id, branch_id),
  CONSTRAINT branches_term_positive CHECK (rental_term > interval '0')
);
CREATE INDEX branches_by_id ON rental.branches (branch_id);

CREATE TABLE rental.devices (
  chain_id uuid NOT NULL,
  device_id uuid NOT NULL,
  branch_id uuid NOT NULL,
  online boolean NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (chain_id, device_id)
);

-- `online` repeats the device's, so that giving out a cart looks at one row less.
CREATE TABLE rental.controllers (
  chain_id uuid NOT NULL,
  controller_id uuid NOT NULL,
  branch_id uuid NOT NULL,
  device_id uuid NOT NULL,
  has_ir boolean NOT NULL DEFAULT false,
  online boolean NOT NULL DEFAULT false,
  deleted boolean NOT NULL DEFAULT false,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (chain_id, controller_id)
);
CREATE INDEX controllers_by_device ON rental.controllers (chain_id, device_id);

-- When a device was away: that time does not count against its shoppers.
CREATE TABLE rental.offline_spans (
  chain_id uuid NOT NULL,
  device_id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (chain_id, device_id, started_at),
  CONSTRAINT offline_spans_forward CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX offline_spans_one_running ON rental.offline_spans (chain_id, device_id)
  WHERE ended_at IS NULL;

-- Carts and rentals. ------------------------------------------------------------

CREATE TABLE rental.carts (
  chain_id uuid NOT NULL,
  id uuid NOT NULL,
  branch_id uuid NOT NULL,
  controller_id uuid NOT NULL,
  cart_number integer NOT NULL,
  locker_id integer NOT NULL,
  status text NOT NULL DEFAULT 'AVAILABLE',
  is_locked boolean NOT NULL DEFAULT true,
  last_used timestamptz,
  maintenance_notes text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  PRIMARY KEY (chain_id, id),
  CONSTRAINT carts_status CHECK (status IN ('AVAILABLE', 'IN_USE', 'MAINTENANCE')),
  CONSTRAINT carts_number CHECK (cart_number BETWEEN 1 AND 99999),
  CONSTRAINT carts_locker CHECK (locker_id BETWEEN 1 AND 16),
  CONSTRAINT carts_deleted_is_not_out CHECK (deleted_at IS NULL OR status <> 'IN_USE'),
  CONSTRAINT carts_controller FOREIGN KEY (chain_id, controller_id)
    REFERENCES rental.controllers (chain_id, controller_id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX carts_one_per_number ON rental.carts (chain_id, branch_id, cart_number)
  WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX carts_one_per_locker ON rental.carts (chain_id, controller_id, locker_id)
  WHERE deleted_at IS NULL;
-- The cart that rested longest is found without a sort.
CREATE INDEX carts_free ON rental.carts (chain_id, branch_id, last_used NULLS FIRST)
  WHERE status = 'AVAILABLE' AND is_locked AND deleted_at IS NULL;

-- A rental's id is also the id of its unlock command: one rental, one opening.
CREATE TABLE rental.rentals (
  chain_id uuid NOT NULL,
  id uuid NOT NULL,
  branch_id uuid NOT NULL,
  cart_id uuid NOT NULL,
  cart_number integer NOT NULL,
  controller_id uuid NOT NULL,
  locker_id integer NOT NULL,
  device_id uuid NOT NULL,
  phone_hash text NOT NULL,
  phone_sealed bytea NOT NULL,
  phone_masked text NOT NULL,
  status text NOT NULL,
  attempt integer NOT NULL DEFAULT 1,
  start_time timestamptz NOT NULL,
  expected_return timestamptz NOT NULL,
  opened_at timestamptz,
  -- The opening's journal number and time as the device tells them, kept only
  -- when its clock is off: the closing is then judged by that clock alone.
  opened_sequence bigint,
  opened_device_time timestamptz,
  actual_return timestamptz,
  notes text NOT NULL DEFAULT '',
  end_reason text NOT NULL DEFAULT '',
  ended_by text NOT NULL DEFAULT '',
  requested_by text NOT NULL,
  request_key text,
  checked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (chain_id, id),
  CONSTRAINT rentals_status CHECK (status IN ('OPENING', 'UNCONFIRMED', 'ACTIVE', 'OVERDUE',
    'RETURNED', 'RETURNED_LATE', 'NOT_OPENED', 'NOT_TAKEN', 'CANCELLED')),
  CONSTRAINT rentals_end_has_reason CHECK
    ((status IN ('OPENING', 'UNCONFIRMED', 'ACTIVE', 'OVERDUE')) = (end_reason = '')),
  CONSTRAINT rentals_returned_has_time CHECK
    ((status IN ('RETURNED', 'RETURNED_LATE', 'NOT_TAKEN')) = (actual_return IS NOT NULL)),
  CONSTRAINT rentals_end_after_start CHECK (actual_return >= start_time),
  CONSTRAINT rentals_out_has_opened CHECK
    (status NOT IN ('ACTIVE', 'OVERDUE') OR opened_at IS NOT NULL),
  CONSTRAINT rentals_cart FOREIGN KEY (chain_id, cart_id) REFERENCES rental.carts (chain_id, id)
) WITH (fillfactor = 80);

-- The two rules that decide every race.
CREATE UNIQUE INDEX rentals_one_open_per_cart ON rental.rentals (chain_id, cart_id)
  WHERE status IN ('OPENING', 'UNCONFIRMED', 'ACTIVE', 'OVERDUE');
CREATE UNIQUE INDEX rentals_one_open_per_phone ON rental.rentals (chain_id, phone_hash)
  WHERE status IN ('OPENING', 'UNCONFIRMED', 'ACTIVE', 'OVERDUE');

CREATE INDEX rentals_history ON rental.rentals (chain_id, branch_id, start_time, id);
CREATE INDEX rentals_of_phone ON rental.rentals (chain_id, phone_hash, start_time, id);

-- The last wall behind the guarded updates: a final state never changes, and
-- what was proven open is never again in doubt.
CREATE FUNCTION rental.refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rental % cannot go from % to %', OLD.id, OLD.status, NEW.status
    USING ERRCODE = 'check_violation', CONSTRAINT = 'rentals_transition';
END $$;
CREATE TRIGGER rentals_transition BEFORE UPDATE OF status ON rental.rentals
  FOR EACH ROW WHEN (OLD.status <> NEW.status AND (
    OLD.status IN ('RETURNED', 'RETURNED_LATE', 'NOT_OPENED', 'NOT_TAKEN', 'CANCELLED')
    OR NEW.status = 'OPENING'
    OR (OLD.status IN ('ACTIVE', 'OVERDUE')
        AND NEW.status NOT IN ('OVERDUE', 'RETURNED', 'RETURNED_LATE', 'NOT_TAKEN'))))
  EXECUTE FUNCTION rental.refuse_transition();

-- Openings by staff, so that an open hook is explained.
CREATE TABLE rental.staff_unlocks (
  chain_id uuid NOT NULL,
  command_id uuid NOT NULL,
  branch_id uuid NOT NULL,
  cart_id uuid NOT NULL,
  controller_id uuid NOT NULL,
  locker_id integer NOT NULL,
  device_id uuid NOT NULL,
  requested_by text NOT NULL,
  reason text NOT NULL,
  state text NOT NULL DEFAULT 'SENT',
  outcome text NOT NULL DEFAULT '',
  requested_at timestamptz NOT NULL,
  settled_at timestamptz,
  closed_at timestamptz,
  checked_at timestamptz,
  PRIMARY KEY (chain_id, command_id),
  CONSTRAINT staff_unlocks_state CHECK
    (state IN ('SENT', 'SUCCEEDED', 'FAILED', 'DROPPED', 'REJECTED', 'UNKNOWN'))
);
CREATE INDEX staff_unlocks_not_closed ON rental.staff_unlocks (chain_id, cart_id, requested_at)
  WHERE closed_at IS NULL AND state IN ('SENT', 'SUCCEEDED', 'UNKNOWN');

-- What was decided when a lock and the cloud did not agree.
CREATE TABLE rental.reconcile_decisions (
  chain_id uuid NOT NULL,
  id uuid NOT NULL,
  event_id uuid NOT NULL,
  branch_id uuid NOT NULL,
  device_id uuid NOT NULL,
  controller_id uuid NOT NULL,
  locker_id integer NOT NULL,
  cart_id uuid NOT NULL,
  rental_id uuid,
  cloud_said text NOT NULL,
  lock_said text NOT NULL,
  rule text NOT NULL,
  decision text NOT NULL,
  occurred_at timestamptz NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (chain_id, id),
  CONSTRAINT reconcile_decisions_decision CHECK (decision IN ('KEEP', 'CLOSE', 'REOPEN', 'ASK'))
);
CREATE UNIQUE INDEX reconcile_decisions_once
  ON rental.reconcile_decisions (chain_id, event_id, controller_id, locker_id);

-- Duplicates and delivery. --------------------------------------------------------

-- Events that changed something, so that a repeat changes nothing.
CREATE TABLE rental.seen_events (
  chain_id uuid NOT NULL,
  event_id uuid NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (chain_id, event_id)
);

-- `effect_id` is the rental or staff unlock behind an answer that is told from
-- its row and not stored.
CREATE TABLE rental.idempotency_keys (
  chain_id uuid NOT NULL,
  principal text NOT NULL,
  method text NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  answer bytea,
  effect_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (chain_id, principal, method, key)
);

CREATE TABLE rental.outbox (
  chain_id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  event_id uuid NOT NULL,
  branch_id uuid,
  device_id uuid,
  type text NOT NULL,
  subject text NOT NULL,
  occurred_at timestamptz NOT NULL,
  payload jsonb NOT NULL,
  trace_id text NOT NULL DEFAULT '',
  PRIMARY KEY (chain_id, seq)
);
CREATE INDEX outbox_order ON rental.outbox (xid, seq);

CREATE TABLE rental.outbox_cursors (
  sink text PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT '0',
  seq bigint NOT NULL DEFAULT 0
);

-- Payloads of events: the proto's JSON, written by the statement that makes the change.

CREATE FUNCTION rental.iso(t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

CREATE FUNCTION rental.rental_payload(r rental.rentals) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', r.id, 'chain_id', r.chain_id, 'branch_id', r.branch_id, 'cart_id', r.cart_id,
    'cart_number', r.cart_number, 'user_phone', r.phone_masked, 'status', r.status,
    'start_time', rental.iso(r.start_time), 'expected_return', rental.iso(r.expected_return),
    'actual_return', rental.iso(r.actual_return),
    'duration_minutes',
      coalesce(floor(extract(epoch FROM r.actual_return - r.start_time) / 60)::integer, 0),
    'notes', r.notes, 'end_reason', r.end_reason, 'ended_by', r.ended_by)
$$;

CREATE FUNCTION rental.cart_payload(c rental.carts) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', c.id, 'chain_id', c.chain_id, 'branch_id', c.branch_id,
    'controller_id', c.controller_id, 'cart_number', c.cart_number, 'locker_id', c.locker_id,
    'status', c.status, 'is_locked', c.is_locked, 'last_used', rental.iso(c.last_used),
    'maintenance_notes', c.maintenance_notes)
$$;

-- Row security: a transaction sees the chain it named, or everything when it
-- said so.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['chains', 'branches', 'devices', 'controllers', 'offline_spans',
      'carts', 'rentals', 'staff_unlocks', 'reconcile_decisions', 'seen_events',
      'idempotency_keys', 'outbox'] LOOP
    EXECUTE format('ALTER TABLE rental.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE rental.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($policy$
      CREATE POLICY tenant ON rental.%I
        USING (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
               OR current_setting('cartwise.platform', true) = 'on')
        WITH CHECK (chain_id = nullif(current_setting('cartwise.chain_id', true), '')::uuid
               OR current_setting('cartwise.platform', true) = 'on')$policy$, name);
  END LOOP;
END $$;

-- migrate:down
