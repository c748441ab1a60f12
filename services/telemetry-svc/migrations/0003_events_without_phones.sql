-- Events of rentals told the masked phone and notes until now; the record
-- forgets both, so that nothing in it has to be erased for a person.
-- migrate:up

SELECT set_config('cartwise.platform', 'on', true);
UPDATE telemetry.events SET event_data = event_data - 'user_phone' - 'notes'
 WHERE event_type LIKE 'rental.%' AND event_data ?| ARRAY['user_phone', 'notes'];

-- migrate:down
