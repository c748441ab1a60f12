-- Whose rows a transaction sees is a pattern: the id of a chain, or % for all. One comparison with
-- no array to build, in every part of every statement. Programs of before it see nothing any more on
-- behalf of the platform: they are stopped first.
-- migrate:up
DO $$
DECLARE
  p record;
  sees text;
BEGIN
  FOR p IN SELECT tablename, policyname, qual FROM pg_policies WHERE schemaname = 'device' LOOP
    sees := $see$chain_id::text LIKE current_setting('cartwise.chain_id', true)$see$;
    EXECUTE format('ALTER POLICY %I ON device.%I USING (%s) WITH CHECK (%s)',
                   p.policyname, p.tablename, sees, sees);
  END LOOP;
END $$;

-- migrate:down
