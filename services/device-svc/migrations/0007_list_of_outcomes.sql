-- A command enters the index of its device's list when it has an outcome, and not while it waits
-- to be sent.
-- migrate:up

-- What has none yet is found among what is unsettled.
DROP INDEX device.commands_by_device;
CREATE INDEX commands_by_device ON device.commands (chain_id, device_id, issued_at, command_id)
  WHERE state <> 'SENT' AND issued_at IS NOT NULL;

-- migrate:down
