-- A device that comes back brings back the boards that it has reached, and no others.
-- migrate:up

-- online stays "can be used now": its device is online, and has reached it.
ALTER TABLE rental.controllers ADD COLUMN reached boolean NOT NULL DEFAULT true;

-- migrate:down
ALTER TABLE rental.controllers DROP COLUMN reached;
