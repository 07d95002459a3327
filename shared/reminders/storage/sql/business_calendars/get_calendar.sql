-- One business calendar.
SELECT name, days::text AS days, created_at, updated_at
FROM business_calendars
WHERE name = :name;
