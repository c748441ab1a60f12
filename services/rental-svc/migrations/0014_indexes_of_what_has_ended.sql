-- A rental enters the indexes of history when it ends, and not while a lock waits to open.
-- migrate:up

-- An open rental is found by its cart and by its phone. Who looks by branch or person asks for
-- those that have ended, and for open ones beside them; programs of before it read the whole
-- chain for that.
DROP INDEX rental.rentals_history;
DROP INDEX rental.rentals_of_phone;
CREATE INDEX rentals_history ON rental.rentals (chain_id, branch_id, start_time, id)
  WHERE NOT open AND branch_id IS NOT NULL;
CREATE INDEX rentals_of_phone ON rental.rentals (chain_id, phone_hash, start_time, id)
  WHERE NOT open AND phone_hash IS NOT NULL;

-- migrate:down
