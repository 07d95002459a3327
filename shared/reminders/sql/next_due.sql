-- Seconds until the next reminder is due; NULL when none is active.
SELECT date_part('epoch', min(next_run_at) - now())
FROM reminder_jobs
WHERE status = 'ACTIVE';
