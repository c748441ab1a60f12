-- Whose rows a transaction sees is one setting: the id of a chain, or * for all. One comparison
-- instead of two and a conversion, in every part of every statement. Programs of before it see
-- nothing any more on behalf of the platform: they are stopped first.
-- migrate:up
DO $$
DECLARE
  p record;
  sees text;
BEGIN
  FOR p IN SELECT tablename, policyname, qual FROM pg_policies WHERE schemaname = 'tenant' LOOP
    sees := $see$current_setting('cartwise.chain_id', true) = ANY (ARRAY[chain_id::text, '*'])$see$;
    -- What belongs to no chain is the platform's.
    IF p.qual NOT LIKE '%chain_id =%' THEN
      sees := $see$current_setting('cartwise.chain_id', true) = '*'$see$;
    END IF;
    EXECUTE format('ALTER POLICY %I ON tenant.%I USING (%s) WITH CHECK (%s)',
                   p.policyname, p.tablename, sees, sees);
  END LOOP;
END $$;

-- migrate:down
