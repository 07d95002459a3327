-- The one reminder that cannot be planned now, through no fault of its own: it is looked at again after a while.
UPDATE reminder_jobs
SET next_run_at = COALESCE(CAST(:now AS timestamptz), now()) + CAST(:seconds AS float8) * interval '1 second'
WHERE id = CAST(:id AS uuid) AND status = 'ACTIVE';
