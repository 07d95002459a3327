-- A business calendar's days, as they stay until the transaction ends: a change to them re-plans what the transaction
-- writes.
SELECT json_build_object('weekdays', days -> 'weekdays', 'holidays', days -> 'holidays')::text
FROM business_calendars
WHERE name = :name
FOR SHARE;
