-- One business calendar.
SELECT name, json_build_object('weekdays', days -> 'weekdays', 'holidays', days -> 'holidays')::text AS days,
  created_at, updated_at
FROM business_calendars
WHERE name = :name;
