-- One business calendar, locked, so that no reminder can start to use it.
SELECT name
FROM business_calendars
WHERE name = :name
FOR UPDATE;
