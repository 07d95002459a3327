-- Several business calendars by name.
SELECT json_object_agg(name, days)::text
FROM business_calendars
WHERE name = ANY (CAST(:names AS text[]));
