-- The live reminder with this natural key, locked.
SELECT *
FROM reminder_jobs
WHERE entity_type = :entity_type AND entity_id = :entity_id AND event_type = :event_type
  AND status IN ('ACTIVE', 'PAUSED')
FOR NO KEY UPDATE;
