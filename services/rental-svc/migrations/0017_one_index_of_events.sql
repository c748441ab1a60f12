-- Events are read in the order in which they are carried, and in no other.
-- migrate:up

ALTER TABLE rental.outbox DROP CONSTRAINT outbox_pkey;
DROP INDEX rental.outbox_order;
ALTER TABLE rental.outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (xid, seq);

-- migrate:down
