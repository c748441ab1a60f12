-- migrate:up

-- A command that is named by its id was found in here too: all commands of the chain were
-- read, as long as the plan of a young table was kept. Only who says that there is a time of
-- issue uses it now.
DROP INDEX device.commands_by_device;
CREATE INDEX commands_by_device ON device.commands (chain_id, device_id, issued_at, command_id)
  WHERE issued_at IS NOT NULL;

-- migrate:down
