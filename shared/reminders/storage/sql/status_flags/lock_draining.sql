-- A true flag that still has reminders to complete, locked; another worker's, and those already tried, are left out.
SELECT key
FROM status_flags
WHERE draining AND value AND key <> ALL (CAST(:passed AS text[]))
LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED;
