-- Events tell of rentals, not of people: what goes out cannot be erased any more.
-- migrate:up

-- Payloads lose the masked phone, and the notes, in which people write names.
CREATE OR REPLACE FUNCTION rental.rental_payload(r rental.rentals) RETURNS jsonb
  LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', r.id, 'chain_id', r.chain_id, 'branch_id', r.branch_id, 'cart_id', r.cart_id,
    'cart_number', r.cart_number, 'status', r.status,
    'start_time', rental.iso(r.start_time), 'expected_return', rental.iso(r.expected_return),
    'actual_return', rental.iso(r.actual_return),
    'duration_minutes',
      coalesce(floor(extract(epoch FROM r.actual_return - r.start_time) / 60)::integer, 0),
    'end_reason', r.end_reason, 'ended_by', r.ended_by)
$$;

-- A rental of somebody who was erased has an empty phone_hash, phone_sealed and
-- phone_masked; an open rental always has its phone.
ALTER TABLE rental.rentals ADD CONSTRAINT rentals_erased_is_ended CHECK
  (phone_hash <> '' OR status NOT IN ('OPENING', 'UNCONFIRMED', 'ACTIVE', 'OVERDUE'));

-- migrate:down
