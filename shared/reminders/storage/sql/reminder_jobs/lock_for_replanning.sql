-- Several live reminders, locked, in the order of their ids, except those that somebody else has locked.
SELECT *
FROM reminder_jobs
WHERE id = ANY (CAST(:ids AS uuid[])) AND status IN ('ACTIVE', 'PAUSED')
ORDER BY id
FOR NO KEY UPDATE SKIP LOCKED;
