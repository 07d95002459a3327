-- Removes a small batch of reminders that ended long ago, those that ended first, and what is left of their history,
-- DEAD runs as well. Where that is more than :runs, only runs are removed this time; a reminder with a run that is not
-- finished stays. Says how many rows are gone.
WITH ended AS MATERIALIZED (
  SELECT id
  FROM reminder_jobs
  WHERE status IN ('COMPLETED', 'CANCELLED', 'FAILED')
    AND completed_at < COALESCE(CAST(:now AS timestamptz), now()) - CAST(:days AS integer) * interval '1 day'
  ORDER BY completed_at
  LIMIT CAST(:count AS integer)
  FOR UPDATE SKIP LOCKED),
history AS MATERIALIZED (
  SELECT r.id, e.id AS reminder_id, r.attempt_at IS NULL AS is_finished
  FROM ended e
  CROSS JOIN LATERAL (
    SELECT id, attempt_at
    FROM reminder_runs
    WHERE reminder_id = e.id
    ORDER BY occurrence_no
    LIMIT CAST(:runs AS integer)) r
  LIMIT CAST(:runs AS integer)),
removed_runs AS (
  DELETE FROM reminder_runs
  WHERE id = ANY (ARRAY(SELECT id FROM history WHERE is_finished))
  RETURNING 1),
removed AS (
  DELETE FROM reminder_jobs
  WHERE id = ANY (ARRAY(SELECT id FROM ended WHERE id NOT IN (SELECT reminder_id FROM history WHERE NOT is_finished)))
    AND (SELECT count(*) FROM history) < CAST(:runs AS integer)
  RETURNING 1)
SELECT (SELECT count(*) FROM removed_runs) + (SELECT count(*) FROM removed);
