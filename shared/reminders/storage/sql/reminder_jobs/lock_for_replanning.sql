-- Several live reminders, locked, in the order of their ids, except those that somebody else has locked or that need a
-- newer engine: until that comes re-planning waits for them.
SELECT *
FROM reminder_jobs
WHERE id = ANY (CAST(:ids AS uuid[])) AND status IN ('ACTIVE', 'PAUSED')
  AND needs <= CAST(:level AS smallint)
ORDER BY id
FOR NO KEY UPDATE SKIP LOCKED;
