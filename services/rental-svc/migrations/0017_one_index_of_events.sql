-- Events are read in the order in which they are carried, and in no other.
-- migrate:up

-- outbox_order stays. It is no key: that would have to begin with the chain, as every tenant's does.
ALTER TABLE rental.outbox DROP CONSTRAINT outbox_pkey;

-- migrate:down
