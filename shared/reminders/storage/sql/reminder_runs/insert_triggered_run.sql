-- One run of a locked reminder outside of its schedule, for the next tick to send.
WITH counted AS (
  UPDATE reminder_jobs
  SET occurrence_no = occurrence_no + 1
  WHERE id = CAST(:reminder_id AS uuid)
  RETURNING id, occurrence_no, channel, recipient)
INSERT INTO reminder_runs (reminder_id, occurrence_no, cause, scheduled_for, channel, recipient, message, state,
  attempt_at, created_at, incarnation)
SELECT id, occurrence_no, 'trigger', COALESCE(CAST(:now AS timestamptz), now()), channel, recipient,
  CAST(:message AS jsonb), 'PENDING',
  COALESCE(CAST(:now AS timestamptz), now()), COALESCE(CAST(:now AS timestamptz), now()),
  (SELECT incarnation FROM scheduler_state)
FROM counted
RETURNING *;
