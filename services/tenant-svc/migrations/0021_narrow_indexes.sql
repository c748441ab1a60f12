-- migrate:up

-- A chain or a branch that is named by its id was found in these too: all of them were
-- read, as long as the plan of a young table was kept. A list sorts what it found.
DROP INDEX tenant.chains_by_name;
DROP INDEX tenant.branches_by_name;

-- Who asks for a person's sign-ins or a branch's keys does not name the chain.
DROP INDEX tenant.sign_ins_by_user;
CREATE INDEX sign_ins_by_user ON tenant.sign_ins (user_id, sign_in_id);
DROP INDEX tenant.enrollment_keys_by_branch;
CREATE INDEX enrollment_keys_by_branch ON tenant.enrollment_keys (branch_id, key_id);

-- migrate:down
