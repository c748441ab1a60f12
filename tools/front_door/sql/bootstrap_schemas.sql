-- The schemas of one database and who may do what in them; run by the
-- superuser, as often as one likes.
--
-- What an owner creates later, its app role may use: migrations need no GRANT.
-- Functions are closed to everybody else, since some run with the owner's rights.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

SELECT statement
  FROM unnest(ARRAY['tenant', 'device', 'rental', 'telemetry']) WITH ORDINALITY AS s (name, place),
       LATERAL (VALUES
         (1, format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', name, 'cartwise_' || name || '_owner')),
         (2, format('GRANT USAGE ON SCHEMA %I TO %I', name, 'cartwise_' || name || '_app')),
         (3, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
                    'cartwise_' || name || '_owner', name, 'cartwise_' || name || '_app')),
         (4, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT USAGE ON SEQUENCES TO %I',
                    'cartwise_' || name || '_owner', name, 'cartwise_' || name || '_app')),
         (5, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
                    'cartwise_' || name || '_owner')),
         (6, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT EXECUTE ON FUNCTIONS TO %I',
                    'cartwise_' || name || '_owner', name, 'cartwise_' || name || '_app'))
       ) AS steps (step, statement)
 ORDER BY place, step
\gexec
