-- Several live reminders, locked, in the order of their ids, except those that somebody else has locked or that need a
-- newer engine: until that comes re-planning waits for them. Without their messages, which nobody asks for and which
-- may be long.
SELECT id, entity_type, entity_id, event_type, channel, recipient, CAST(NULL AS jsonb) AS message,
  schedule_type, interval_minutes, start_at, schedule, runs_left, next_run_at, planned_through, occurrence_no,
  stop_condition_type, stop_condition_value, status, paused_at, resumed_at, completed_at, completion_reason, last_error,
  needs, unknown_since, version, created_at, updated_at
FROM reminder_jobs
WHERE id = ANY (CAST(:ids AS uuid[])) AND status IN ('ACTIVE', 'PAUSED')
  AND needs <= CAST(:level AS smallint)
ORDER BY id
FOR NO KEY UPDATE SKIP LOCKED;
