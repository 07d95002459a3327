-- Seconds until the next reminder after the claim's lower bound is due; NULL when none is active. The bound keeps it
-- from the dead index entries that an old snapshot keeps alive.
SELECT date_part('epoch', min(next_run_at) - now())
FROM reminder_jobs
WHERE status = 'ACTIVE' AND needs <= CAST(:level AS smallint)
  AND next_run_at > COALESCE(to_timestamp(CAST(:floor AS bigint) / 1e6::float8), '-infinity');
