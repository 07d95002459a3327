-- Several business calendars by name.
SELECT json_object_agg(name, json_build_object('weekdays', days -> 'weekdays', 'holidays', days -> 'holidays'))::text
FROM business_calendars
WHERE name = ANY (CAST(:names AS text[]));
