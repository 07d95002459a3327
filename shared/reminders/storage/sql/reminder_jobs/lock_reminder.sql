-- One reminder, locked until the transaction ends.
SELECT *
FROM reminder_jobs
WHERE id = CAST(:id AS uuid)
FOR NO KEY UPDATE;
