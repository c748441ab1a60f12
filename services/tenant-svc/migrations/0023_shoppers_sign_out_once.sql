-- A shopper's sign-in ends once, however often its end is asked for: another row and another
-- notice told nobody anything, and all of 31 days are told to each gateway that comes.
-- migrate:up
SELECT set_config('cartwise.chain_id', '*', true);
DELETE FROM tenant.revocations r USING tenant.revocations earlier
 WHERE r.kind = 'SHOPPER' AND earlier.kind = 'SHOPPER' AND earlier.chain_id = r.chain_id
   AND earlier.subject_id = r.subject_id AND earlier.revocation_id < r.revocation_id;
CREATE UNIQUE INDEX revocations_shopper_once ON tenant.revocations (chain_id, subject_id)
  WHERE kind = 'SHOPPER';

CREATE OR REPLACE FUNCTION tenant.note_revocation(chain uuid, kind text, subject uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tenant.revocations (chain_id, kind, subject_id, revoked_at)
  VALUES (chain, kind, subject, at)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    PERFORM pg_notify('cartwise_revocations',
                      kind || ' ' || subject || ' ' || (extract(epoch FROM at) * 1000000)::bigint);
  END IF;
END
$$;

-- migrate:down
