-- Ids of those that match of the newest :look reminders, at most :count; how far the newest :look are, and how many of
-- them are due. A search begins here, since most filters match many.
WITH newest AS MATERIALIZED (
  SELECT id, status, entity_type, event_type, channel, next_run_at
  FROM reminder_jobs
  WHERE CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid)
  ORDER BY id DESC
  LIMIT CAST(:look AS integer))
SELECT
  (SELECT json_agg(id)
    FROM (
      SELECT id
      FROM newest
      WHERE (CAST(:status AS text) IS NULL OR status = CAST(:status AS text))
        AND (CAST(:entity_type AS text) IS NULL OR entity_type = CAST(:entity_type AS text))
        AND (CAST(:event_type AS text) IS NULL OR event_type = CAST(:event_type AS text))
        AND (CAST(:channel AS text) IS NULL OR channel = CAST(:channel AS text))
        AND (CAST(:due_before AS timestamptz) IS NULL
          OR (status = 'ACTIVE' AND next_run_at < CAST(:due_before AS timestamptz)))
      ORDER BY id DESC
      LIMIT CAST(:count AS integer)) matching),
  (SELECT CAST(id AS text) FROM newest ORDER BY id DESC OFFSET CAST(:look AS integer) - 1),
  (SELECT count(*) FROM newest WHERE status = 'ACTIVE' AND next_run_at < CAST(:due_before AS timestamptz));
