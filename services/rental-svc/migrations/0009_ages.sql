-- What is old is found without reading everything.
-- migrate:up

-- Rows stand in the order of their age: a summary of each stretch of pages is enough,
-- and costs a new row next to nothing.
CREATE INDEX idempotency_keys_by_age ON rental.idempotency_keys USING brin (created_at)
  WITH (autosummarize = on);
CREATE INDEX seen_events_by_age ON rental.seen_events USING brin (seen_at)
  WITH (autosummarize = on);

-- migrate:down
DROP INDEX rental.idempotency_keys_by_age;
DROP INDEX rental.seen_events_by_age;
