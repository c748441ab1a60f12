-- A device's token proves itself for 30 days, whatever became of the device: telemetry
-- remembers what the fleet last told of it, and whether its token was replaced.
-- migrate:up

-- By the time of the events, which may come out of order.
CREATE TABLE telemetry.device_standings (
  chain_id          uuid        NOT NULL,
  device_id         uuid        NOT NULL,
  lifecycle         text        NOT NULL,
  told_at           timestamptz NOT NULL,
  -- NULL: not since telemetry hears of it.
  token_replaced_at timestamptz,
  CONSTRAINT device_standings_pkey PRIMARY KEY (chain_id, device_id)
);
SELECT telemetry.force_tenancy('device_standings');

-- migrate:down
