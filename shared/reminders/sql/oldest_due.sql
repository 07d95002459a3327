-- Seconds since the oldest reminder that is still due was due; 0 when none is.
SELECT COALESCE(date_part('epoch', COALESCE(CAST(:now AS timestamptz), now()) - min(next_run_at)), 0)
FROM reminder_jobs
WHERE status = 'ACTIVE' AND next_run_at <= COALESCE(CAST(:now AS timestamptz), now());
