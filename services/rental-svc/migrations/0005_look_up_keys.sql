-- Which keys the hashes of phones were made with, so that the key can change.
-- migrate:up

-- tag is what stands before the 64 hex digits of a hash. The key that guards makes
-- the hash of every new and every open rental, whoever writes it: one open rental
-- per phone holds because all of them are compared under one key. The others are
-- those that some ended rental may still be found by.
CREATE TABLE rental.look_up_keys (
  tag text PRIMARY KEY,
  guards boolean NOT NULL
);
CREATE UNIQUE INDEX look_up_keys_one_guards ON rental.look_up_keys (guards) WHERE guards;
INSERT INTO rental.look_up_keys (tag, guards) VALUES ('', true);

-- The key of every rental that is written. A statement may have waited for its lock on
-- the rentals with a snapshot from before; a volatile function looks anew, and
-- nobody changes the key while the caller holds that lock.
CREATE FUNCTION rental.guarding_tag() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (SELECT l.tag FROM rental.look_up_keys l WHERE l.guards);
END $$;

-- Until this transaction ends nobody writes a rental.
CREATE FUNCTION rental.hold_rentals() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE rental.rentals IN SHARE ROW EXCLUSIVE MODE;
END $$;

-- migrate:down
DROP FUNCTION rental.hold_rentals();
DROP FUNCTION rental.guarding_tag();
DROP TABLE rental.look_up_keys;
