-- What is old is found also where its pages are used again.
-- migrate:up

-- New rows go where old ones were deleted, so ages do not follow the order of pages, and a
-- summary of pages says of all of them that they may hold something old.
DROP INDEX rental.idempotency_keys_by_age;
DROP INDEX rental.seen_events_by_age;
CREATE INDEX idempotency_keys_by_age ON rental.idempotency_keys (created_at);
CREATE INDEX seen_events_by_age ON rental.seen_events (seen_at);
CREATE INDEX offline_spans_by_age ON rental.offline_spans (ended_at) WHERE ended_at IS NOT NULL;

-- migrate:down
