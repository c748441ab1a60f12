-- A shopper's look for a cart reads no other table to know that staff are opening it.
-- migrate:up

-- Until then staff have it. In the cart's own row, so that whoever waited for that row sees it.
ALTER TABLE rental.carts ADD COLUMN staff_until timestamptz;
SELECT set_config('cartwise.chain_id', '*', true);
UPDATE rental.carts c SET staff_until = u.requested_at + interval '1 minute'
  FROM rental.staff_unlocks u
 WHERE u.chain_id = c.chain_id AND u.cart_id = c.id AND u.closed_at IS NULL
   AND u.state IN ('SENT', 'UNKNOWN') AND u.requested_at > now() - interval '1 minute';

-- migrate:down
