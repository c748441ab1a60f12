-- Indexes that only what they are for can use, and one write of a cart less.
-- migrate:up

-- A statement that names a rental by its id found it in one of these as well: all
-- entries of the chain were read, as long as the plan of a young table was kept. A
-- comparison with a column implies that it is not null, so who asks by it still uses them.
DROP INDEX rental.rentals_history;
DROP INDEX rental.rentals_of_phone;
CREATE INDEX rentals_history ON rental.rentals (chain_id, branch_id, start_time, id)
  WHERE branch_id IS NOT NULL;
CREATE INDEX rentals_of_phone ON rental.rentals (chain_id, phone_hash, start_time, id)
  WHERE phone_hash IS NOT NULL;

-- Without is_locked: that a cart was taken out is written into its row alone, and no
-- index has to follow. A free cart whose hook is open is rare.
DROP INDEX rental.carts_free;
CREATE INDEX carts_free ON rental.carts (chain_id, branch_id, last_used NULLS FIRST)
  WHERE status = 'AVAILABLE' AND deleted_at IS NULL;

-- migrate:down
