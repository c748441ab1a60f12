-- A token that staff replaced is void at once, one that its device replaced ten minutes later.
-- migrate:up

-- The latest of each; NULL: not since telemetry hears of it. token_replaced_at is the device's own.
ALTER TABLE telemetry.device_standings ADD COLUMN token_voided_at timestamptz;

-- migrate:down
