-- A true flag that still has reminders to complete, locked; another worker's is passed over.
SELECT key
FROM status_flags
WHERE draining AND value
LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED;
