-- Several reminders, locked in the order of their ids.
SELECT id
FROM reminder_jobs
WHERE id = ANY (CAST(:reminder_ids AS uuid[]))
ORDER BY id
FOR NO KEY UPDATE;
