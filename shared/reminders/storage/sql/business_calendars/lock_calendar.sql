-- One business calendar, locked, so that nobody begins to keep to it.
SELECT name
FROM business_calendars
WHERE name = :name
FOR UPDATE;
