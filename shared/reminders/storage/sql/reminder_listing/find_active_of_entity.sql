-- Ids of an entity's ACTIVE reminders, newest first.
SELECT CAST(id AS text)
FROM reminder_listing
WHERE entity_id = CAST(:entity_id AS text)
  AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
  AND (CAST(:entity_type AS text) IS NULL OR entity_type = CAST(:entity_type AS text))
  AND (CAST(:event_type AS text) IS NULL OR event_type = CAST(:event_type AS text))
  AND (CAST(:channel AS text) IS NULL OR channel = CAST(:channel AS text))
ORDER BY id DESC
LIMIT CAST(:count AS integer);
