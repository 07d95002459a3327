-- Ends those of some reminders in which something has not been known for too long; last_error says what.
UPDATE reminder_jobs
SET status = 'FAILED', next_run_at = NULL,
    completed_at = COALESCE(CAST(:now AS timestamptz), now()), updated_at = COALESCE(CAST(:now AS timestamptz), now())
WHERE id = ANY (CAST(:reminder_ids AS uuid[])) AND status = 'ACTIVE'
  AND unknown_since <= COALESCE(CAST(:now AS timestamptz), now()) - CAST(:grace AS float8) * interval '1 hour'
RETURNING id;
