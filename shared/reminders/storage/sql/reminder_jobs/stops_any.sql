-- Whether a live reminder waits for this flag.
SELECT EXISTS (
  SELECT
  FROM reminder_jobs
  WHERE stop_condition_type = 'db_check' AND stop_condition_value = :key AND status IN ('ACTIVE', 'PAUSED'));
