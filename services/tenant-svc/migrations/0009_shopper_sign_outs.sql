-- Shoppers who sign out. SHOPPER: a sign-in of 30 days, which ended for good; kept for
-- as long as its token would have lived.
-- migrate:up
ALTER TABLE tenant.revocations DROP CONSTRAINT revocations_kind_known;
ALTER TABLE tenant.revocations ADD CONSTRAINT revocations_kind_known
  CHECK (kind IN ('SIGN_IN', 'USER', 'KEY', 'SHOPPER'));
CREATE INDEX revocations_of_shoppers ON tenant.revocations (revoked_at) WHERE kind = 'SHOPPER';

-- migrate:down
DROP INDEX tenant.revocations_of_shoppers;
DELETE FROM tenant.revocations WHERE kind = 'SHOPPER';
ALTER TABLE tenant.revocations DROP CONSTRAINT revocations_kind_known;
ALTER TABLE tenant.revocations ADD CONSTRAINT revocations_kind_known
  CHECK (kind IN ('SIGN_IN', 'USER', 'KEY'));
