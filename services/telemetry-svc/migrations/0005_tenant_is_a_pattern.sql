-- Whose rows a transaction sees is a pattern elsewhere: the id of a chain, or % for all. Here it is
-- read once per statement as before. Programs of before it see nothing any more on behalf of the
-- platform: they are stopped first.
-- migrate:up

CREATE OR REPLACE FUNCTION telemetry.force_tenancy(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE telemetry.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE telemetry.%I FORCE ROW LEVEL SECURITY', name);
  EXECUTE format('DROP POLICY IF EXISTS %I ON telemetry.%I', name || '_of_tenant', name);
  -- Read once per statement (the scalar sub-selects), not once per row: a batch has many.
  EXECUTE format($policy$
    CREATE POLICY %I ON telemetry.%I
      USING (chain_id = (SELECT nullif(nullif(current_setting('cartwise.chain_id', true), ''), '%%')::uuid)
             OR (SELECT current_setting('cartwise.chain_id', true)) = '%%')$policy$,
    name || '_of_tenant', name);
END
$$;

SELECT telemetry.force_tenancy(p.tablename) FROM pg_policies p WHERE p.schemaname = 'telemetry';

-- migrate:down
