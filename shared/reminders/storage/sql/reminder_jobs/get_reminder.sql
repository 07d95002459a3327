-- One reminder.
SELECT *
FROM reminder_jobs
WHERE id = CAST(:id AS uuid);
