-- Seconds since the oldest reminder that is still due was due; 0 when none is. With the claim's lower bound, below
-- which an old snapshot may keep any number of dead index entries alive.
SELECT COALESCE(date_part('epoch', COALESCE(CAST(:now AS timestamptz), now()) - min(next_run_at)), 0)
FROM reminder_jobs
WHERE status = 'ACTIVE'
  AND next_run_at <= COALESCE(CAST(:now AS timestamptz), now())
  AND next_run_at > COALESCE(to_timestamp(CAST(:floor AS bigint) / 1e6::float8), '-infinity');
