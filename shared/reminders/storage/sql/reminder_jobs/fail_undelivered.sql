-- Reminders that were complete with their last occurrence, whose run has now ended DEAD.
UPDATE reminder_jobs j
SET status = 'FAILED', completion_reason = 'delivery_failed', last_error = 'the last run could not be delivered',
    updated_at = COALESCE(CAST(:now AS timestamptz), now())
WHERE j.id = ANY (CAST(:reminder_ids AS uuid[])) AND j.status = 'COMPLETED'
  AND j.completion_reason IN ('schedule_ended', 'max_runs')
  AND 'DEAD' = (
    SELECT r.state
    FROM reminder_runs r
    WHERE r.reminder_id = j.id AND r.cause = 'schedule' AND r.state <> 'SKIPPED'
    ORDER BY r.occurrence_no DESC, r.step DESC
    LIMIT 1);
