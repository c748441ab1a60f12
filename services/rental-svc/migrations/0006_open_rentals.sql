-- Whether a rental is open, said once, and indexes of open rentals that nothing else uses.
-- migrate:up

-- A plan made while few rentals are open takes any index that will do, and stays when
-- thousands are: all open rentals of a chain were read to find one. So an index of open
-- rentals serves only a statement that asks for open ones and names what the index is
-- for: a comparison with a column implies that it is not null.
ALTER TABLE rental.rentals ADD COLUMN open boolean NOT NULL
  GENERATED ALWAYS AS (status IN ('OPENING', 'UNCONFIRMED', 'ACTIVE', 'OVERDUE')) STORED;

DROP INDEX rental.rentals_one_open_per_cart;
DROP INDEX rental.rentals_one_open_per_phone;
CREATE UNIQUE INDEX rentals_one_open_per_cart ON rental.rentals (chain_id, cart_id)
  WHERE open AND cart_id IS NOT NULL;
CREATE UNIQUE INDEX rentals_one_open_per_phone ON rental.rentals (chain_id, phone_hash)
  WHERE open AND phone_hash IS NOT NULL;

ALTER TABLE rental.rentals
  DROP CONSTRAINT rentals_end_has_reason,
  ADD CONSTRAINT rentals_end_has_reason CHECK (open = (end_reason = '')),
  DROP CONSTRAINT rentals_erased_is_ended,
  ADD CONSTRAINT rentals_erased_is_ended CHECK (phone_hash <> '' OR NOT open);

-- migrate:down
