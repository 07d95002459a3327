-- Completes live reminders that a true flag stops, and cancels their waiting runs. Locks in the order reminders, runs,
-- each by id.
WITH stopped AS MATERIALIZED (
  SELECT id
  FROM reminder_jobs
  WHERE stop_condition_type = 'db_check' AND stop_condition_value = :key AND status IN ('ACTIVE', 'PAUSED')
    AND needs <= CAST(:level AS smallint)
  ORDER BY id
  LIMIT CAST(:count AS integer)
  FOR NO KEY UPDATE),
completed AS (
  UPDATE reminder_jobs
  SET status = 'COMPLETED', completion_reason = 'stop_condition', next_run_at = NULL, paused_at = NULL,
      listed_as = NULL,
      completed_at = COALESCE(CAST(:now AS timestamptz), now()), updated_at = COALESCE(CAST(:now AS timestamptz), now())
  WHERE id = ANY (ARRAY(SELECT id FROM stopped))
  RETURNING id),
delisted AS (
  DELETE FROM reminder_listing
  WHERE id = ANY (ARRAY(SELECT id FROM completed))),
cancelled AS (
  UPDATE reminder_runs
  SET state = 'CANCELLED', reason = 'stop_condition', attempt_at = NULL,
    finished_at = COALESCE(CAST(:now AS timestamptz), now())
  WHERE state = 'PENDING' AND reminder_id = ANY (ARRAY(SELECT id FROM completed)))
SELECT count(*)
FROM completed;
