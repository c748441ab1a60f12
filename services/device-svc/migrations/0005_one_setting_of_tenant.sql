-- Whose rows a transaction sees is one setting: the id of a chain, or * for all. One comparison
-- instead of two and a conversion, in every part of every statement. Programs of before it see
-- nothing any more on behalf of the platform: they are stopped first.
-- migrate:up
DO $$
DECLARE
  p record;
  sees text;
BEGIN
  FOR p IN SELECT tablename, policyname, qual FROM pg_policies WHERE schemaname = 'device' LOOP
    sees := $see$current_setting('cartwise.chain_id', true) = ANY (ARRAY[chain_id::text, '*'])$see$;
    EXECUTE format('ALTER POLICY %I ON device.%I USING (%s) WITH CHECK (%s)',
                   p.policyname, p.tablename, sees, sees);
  END LOOP;
END $$;

-- migrate:down
