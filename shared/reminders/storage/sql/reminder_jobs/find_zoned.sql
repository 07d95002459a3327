-- The next reminders by id: the last of them, and those that are live and read some zone's clock.
SELECT max(id::text)::uuid,
  array_agg(id ORDER BY id) FILTER (WHERE status IN ('ACTIVE', 'PAUSED')
    AND (schedule ? 'timezone' OR schedule #> '{send_window,timezone}' IS NOT NULL))
FROM (
  SELECT id, status, schedule
  FROM reminder_jobs
  WHERE id > CAST(:after AS uuid)
  ORDER BY id
  LIMIT CAST(:count AS integer)) chunk;
