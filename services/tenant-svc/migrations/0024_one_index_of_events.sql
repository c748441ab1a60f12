-- Events are read in the order in which they are carried, and in no other.
-- migrate:up

ALTER TABLE tenant.outbox DROP CONSTRAINT outbox_pkey;
DROP INDEX tenant.outbox_order;
ALTER TABLE tenant.outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (xid, seq);

-- migrate:down
