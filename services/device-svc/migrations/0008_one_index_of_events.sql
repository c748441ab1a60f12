-- Events are read in the order in which they are carried, and in no other.
-- migrate:up

ALTER TABLE device.outbox DROP CONSTRAINT outbox_pkey;
DROP INDEX device.outbox_order;
ALTER TABLE device.outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (xid, seq);

-- migrate:down
