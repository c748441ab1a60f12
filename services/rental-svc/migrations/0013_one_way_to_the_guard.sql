-- Statements read the key that guards from its table; the function that did so has no user.
-- migrate:up
DROP FUNCTION rental.guarding_tag();

-- migrate:down
