-- A true flag that still has reminders to complete, locked; another worker's is passed over, and those that were tried.
SELECT key
FROM status_flags
WHERE draining AND value AND key <> ALL (CAST(:passed AS text[]))
LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED;
