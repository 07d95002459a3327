-- Cancels the waiting runs of locked reminders; for some, only those that are retries.
UPDATE reminder_runs r
SET state = 'CANCELLED', reason = c.reason, attempt_at = NULL, finished_at = COALESCE(CAST(:now AS timestamptz), now())
FROM unnest(CAST(:reminder_ids AS uuid[]), CAST(:reasons AS text[]),
  CAST(:retries_only AS boolean[])) AS c (reminder_id, reason, retries_only)
WHERE r.state = 'PENDING' AND r.reminder_id = c.reminder_id AND r.reminder_id = ANY (CAST(:reminder_ids AS uuid[]))
  AND (r.attempt > 0 OR NOT c.retries_only);
