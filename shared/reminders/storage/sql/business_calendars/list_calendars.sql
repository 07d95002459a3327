-- Business calendars in the order of their names.
SELECT name, json_build_object('weekdays', days -> 'weekdays', 'holidays', days -> 'holidays')::text AS days,
  created_at, updated_at
FROM business_calendars
WHERE (CAST(:after AS text) IS NULL OR name > CAST(:after AS text))
ORDER BY name
LIMIT CAST(:count AS integer);
