-- Who did what an event tells of; NULL for what is no deed for the audit log.
-- migrate:up
ALTER TABLE device.outbox ADD COLUMN audit jsonb;

-- migrate:down
ALTER TABLE device.outbox DROP COLUMN audit;
