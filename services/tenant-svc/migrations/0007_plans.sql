-- Until when a chain tries the cloud out, and what is switched on for it.
-- migrate:up
ALTER TABLE tenant.chains ADD COLUMN trial_ends_at timestamptz;
ALTER TABLE tenant.chains ADD COLUMN feature_flags text[] NOT NULL DEFAULT '{}';
-- The job that ends trials looks at these alone.
CREATE INDEX chains_on_trial ON tenant.chains (trial_ends_at)
  WHERE active AND trial_ends_at IS NOT NULL AND deleted_at IS NULL;

-- migrate:down
DROP INDEX tenant.chains_on_trial;
ALTER TABLE tenant.chains DROP COLUMN feature_flags;
ALTER TABLE tenant.chains DROP COLUMN trial_ends_at;
