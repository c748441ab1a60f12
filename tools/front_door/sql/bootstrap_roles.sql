-- The roles of the cluster; run by the superuser, as often as one likes.
-- Needs a variable of each role's name that holds its password.
--
-- Each service has an owner (migrations) and an app role (run time). The app
-- role owns nothing and cannot bypass row security; the inspector reads everything
-- and writes nothing.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I', role)
  FROM unnest(ARRAY['cartwise_tenant_owner', 'cartwise_tenant_app',
                    'cartwise_device_owner', 'cartwise_device_app',
                    'cartwise_rental_owner', 'cartwise_rental_app',
                    'cartwise_telemetry_owner', 'cartwise_telemetry_app',
                    'cartwise_inspector']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

ALTER ROLE cartwise_tenant_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_tenant_owner';
ALTER ROLE cartwise_tenant_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_tenant_app';
ALTER ROLE cartwise_device_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_device_owner';
ALTER ROLE cartwise_device_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_device_app';
ALTER ROLE cartwise_rental_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_rental_owner';
ALTER ROLE cartwise_rental_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_rental_app';
ALTER ROLE cartwise_telemetry_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_telemetry_owner';
ALTER ROLE cartwise_telemetry_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_telemetry_app';
ALTER ROLE cartwise_inspector LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'cartwise_inspector';
GRANT pg_read_all_data, pg_monitor TO cartwise_inspector;
