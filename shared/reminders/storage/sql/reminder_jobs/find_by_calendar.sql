-- The next live reminders by id that use a business calendar.
SELECT id
FROM reminder_jobs
WHERE schedule ->> 'business_calendar' = :name AND status IN ('ACTIVE', 'PAUSED') AND id > CAST(:after AS uuid)
ORDER BY id
LIMIT CAST(:count AS integer);
