-- Staff openings that nobody has settled are found without reading all that ever were.
-- migrate:up

-- The second half is what only a statement that walks all of them asks for (migration 0006).
CREATE INDEX staff_unlocks_unsettled ON rental.staff_unlocks (checked_at NULLS FIRST, requested_at)
  WHERE state IN ('SENT', 'UNKNOWN') AND device_id IS NOT NULL;

-- migrate:down
