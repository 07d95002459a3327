-- Ids of reminders that are due before an instant, newest first, and whether :most or more are due: then the newest may
-- not be among them. In one pass, since what is due is read from the table's own rows.
SELECT
  json_agg(id ORDER BY id DESC) FILTER (WHERE (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
    AND (CAST(:entity_type AS text) IS NULL OR entity_type = CAST(:entity_type AS text))
    AND (CAST(:entity_id AS text) IS NULL OR entity_id = CAST(:entity_id AS text))
    AND (CAST(:event_type AS text) IS NULL OR event_type = CAST(:event_type AS text))
    AND (CAST(:channel AS text) IS NULL OR channel = CAST(:channel AS text))),
  count(*) >= CAST(:most AS integer)
FROM (
  SELECT id, entity_type, entity_id, event_type, channel
  FROM reminder_jobs
  WHERE status = 'ACTIVE' AND next_run_at < CAST(:due_before AS timestamptz)
  ORDER BY next_run_at
  LIMIT CAST(:most AS integer)) due;
