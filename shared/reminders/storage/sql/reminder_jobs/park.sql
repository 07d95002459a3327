-- The one reminder whose plan the database refuses: it ends FAILED with the error, and the others of its batch go on.
UPDATE reminder_jobs
SET status = 'FAILED', last_error = :error, next_run_at = NULL,
    completed_at = COALESCE(CAST(:now AS timestamptz), now()), updated_at = COALESCE(CAST(:now AS timestamptz), now())
WHERE id = CAST(:id AS uuid) AND status = 'ACTIVE';
