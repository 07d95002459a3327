-- Ids of reminders of which the listing does not say what it should, newest first: SQL or older code has written them,
-- and no tick has listed them yet. The long condition and the order are those of the index.
SELECT CAST(id AS text)
FROM reminder_jobs
WHERE listed_as IS DISTINCT FROM CASE WHEN status = 'ACTIVE' THEN hashtextextended(channel,
    hashtextextended(event_type, hashtextextended(entity_id, hashtextextended(entity_type, 0)))) END
  AND (CAST(:before AS uuid) IS NULL OR uuid_send(id) < uuid_send(CAST(:before AS uuid)))
  AND (CAST(:entity_type AS text) IS NULL OR entity_type = CAST(:entity_type AS text))
  AND (CAST(:entity_id AS text) IS NULL OR entity_id = CAST(:entity_id AS text))
  AND (CAST(:event_type AS text) IS NULL OR event_type = CAST(:event_type AS text))
  AND (CAST(:channel AS text) IS NULL OR channel = CAST(:channel AS text))
ORDER BY uuid_send(id) DESC
LIMIT CAST(:count AS integer);
