-- migrate:up

-- What the agent itself calls UNKNOWN nobody here will ever settle: it leaves the index that is
-- walked every few seconds and at every connection of its device.
DROP INDEX device.commands_unsettled;
CREATE INDEX commands_unsettled ON device.commands (chain_id, device_id)
  WHERE state IN ('SENT', 'UNKNOWN') AND NOT reported;

-- migrate:down
