-- A business calendar's days, as they stay until the transaction ends: a change to them re-plans what the transaction
-- writes.
SELECT days::text
FROM business_calendars
WHERE name = :name
FOR SHARE;
