-- The record of what devices measured and of what happened, a partition per UTC day.
-- migrate:up

-- Rows are written once and never changed. Device and branch come from the
-- services that know them, so there is nothing to reference here.
CREATE TABLE telemetry.events (
  chain_id    uuid        NOT NULL,
  branch_id   uuid,
  -- The nil UUID where no device made the event.
  device_id   uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  event_id    uuid        NOT NULL,
  -- C: types are ASCII, and a prefix is then a range of the order.
  event_type  text        COLLATE "C" NOT NULL,
  event_data  jsonb       NOT NULL,
  occurred_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT events_pkey PRIMARY KEY (chain_id, device_id, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);

-- Newest first within a device is the primary key backwards; these serve the other lists.
CREATE INDEX events_of_branch ON telemetry.events (chain_id, branch_id, occurred_at, event_id);
CREATE INDEX events_of_chain ON telemetry.events (chain_id, occurred_at, event_id);
CREATE INDEX events_of_type ON telemetry.events (chain_id, event_type, occurred_at, event_id);

-- Days that have no partition: an agent that was away for long, a clock that is wrong.
CREATE TABLE telemetry.events_other PARTITION OF telemetry.events DEFAULT;

-- Where a device stands, as last heard: a device's own uploads do not say it.
CREATE TABLE telemetry.device_places (
  chain_id  uuid NOT NULL,
  device_id uuid NOT NULL,
  branch_id uuid NOT NULL,
  CONSTRAINT device_places_pkey PRIMARY KEY (chain_id, device_id)
);
-- Platform admins name a device or a branch without its chain.
CREATE INDEX device_places_by_device ON telemetry.device_places (device_id);
CREATE INDEX device_places_by_branch ON telemetry.device_places (branch_id);

-- Forces row security on a table. The settings are read once per statement
-- (the scalar sub-selects), not once per row.
CREATE FUNCTION telemetry.force_tenancy(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE telemetry.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE telemetry.%I FORCE ROW LEVEL SECURITY', name);
  EXECUTE format($policy$
    CREATE POLICY %I ON telemetry.%I
      USING (chain_id = (SELECT nullif(current_setting('cartwise.chain_id', true), '')::uuid)
             OR (SELECT current_setting('cartwise.platform', true)) = 'on')
      WITH CHECK (chain_id = (SELECT nullif(current_setting('cartwise.chain_id', true), '')::uuid)
             OR (SELECT current_setting('cartwise.platform', true)) = 'on')$policy$,
    name || '_of_tenant', name);
END
$$;

SELECT telemetry.force_tenancy('events');
SELECT telemetry.force_tenancy('events_other');
SELECT telemetry.force_tenancy('device_places');

-- Makes the partitions from a week back to `days_ahead` days from today. Rows
-- of such a day that came before it had one move into it. The service may call
-- this and no more: only the owner makes tables. Call as the platform: rows of
-- every chain move.
CREATE FUNCTION telemetry.ensure_partitions(days_ahead integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, telemetry AS $$
DECLARE
  today constant date := (now() AT TIME ZONE 'UTC')::date;
  day   date;
  name  text;
  made  integer := 0;
BEGIN
  IF days_ahead NOT BETWEEN 0 AND 30 THEN
    RAISE EXCEPTION 'days_ahead must be 0 to 30' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('telemetry.partitions'));
  FOR day IN SELECT generate_series(today - 7, today + days_ahead, interval '1 day')::date LOOP
    name := 'events_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass('telemetry.' || name) IS NOT NULL;
    EXECUTE format('CREATE TABLE telemetry.%I (LIKE telemetry.events INCLUDING DEFAULTS)', name);
    PERFORM telemetry.force_tenancy(name);
    EXECUTE format('REVOKE ALL ON telemetry.%I FROM cartwise_telemetry_app', name);
    EXECUTE format(
      'WITH moved AS (DELETE FROM telemetry.events_other
                       WHERE occurred_at >= %1$L AND occurred_at < %2$L RETURNING *)
       INSERT INTO telemetry.%3$I SELECT * FROM moved',
      day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC', name);
    EXECUTE format('ALTER TABLE telemetry.events ATTACH PARTITION telemetry.%I FOR VALUES FROM (%L) TO (%L)',
      name, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;

-- Drops the partitions of days that ended more than `keep_days` days ago, and
-- what came in that long ago for days without one. Call as the platform.
CREATE FUNCTION telemetry.drop_partitions(keep_days integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, telemetry AS $$
DECLARE
  today constant date := (now() AT TIME ZONE 'UTC')::date;
  name    text;
  dropped integer := 0;
BEGIN
  IF keep_days < 8 THEN
    RAISE EXCEPTION 'keep_days must be at least 8' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('telemetry.partitions'));
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'telemetry.events'::regclass AND c.relname ~ '^events_[0-9]{8}$'
       AND to_date(substr(c.relname, 8), 'YYYYMMDD') < today - keep_days
  LOOP
    EXECUTE format('DROP TABLE telemetry.%I', name);
    dropped := dropped + 1;
  END LOOP;
  DELETE FROM telemetry.events_other WHERE received_at < now() - make_interval(days => keep_days);
  RETURN dropped;
END
$$;

REVOKE ALL ON FUNCTION telemetry.force_tenancy(text) FROM PUBLIC, cartwise_telemetry_app;
REVOKE ALL ON FUNCTION telemetry.ensure_partitions(integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION telemetry.drop_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION telemetry.ensure_partitions(integer) TO cartwise_telemetry_app;
GRANT EXECUTE ON FUNCTION telemetry.drop_partitions(integer) TO cartwise_telemetry_app;
-- The record is added to and read, never changed, and through its one door.
REVOKE UPDATE, DELETE, TRUNCATE ON telemetry.events FROM cartwise_telemetry_app;
REVOKE ALL ON telemetry.events_other FROM cartwise_telemetry_app;

SELECT telemetry.ensure_partitions(3);

-- migrate:down
