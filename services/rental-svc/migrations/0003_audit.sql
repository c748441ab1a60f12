-- Who did what an event tells of; NULL for what is no deed for the audit log.
-- migrate:up
ALTER TABLE rental.outbox ADD COLUMN audit jsonb;

-- migrate:down
ALTER TABLE rental.outbox DROP COLUMN audit;
