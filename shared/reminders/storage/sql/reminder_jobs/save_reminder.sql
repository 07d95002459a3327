-- A locked reminder as a caller has changed it. Its message and its schedule are written only when they have changed.
UPDATE reminder_jobs
SET recipient = :recipient,
    message = CASE WHEN CAST(:keeps_message AS boolean) THEN message ELSE CAST(:message AS jsonb) END,
    schedule_type = :schedule_type, interval_minutes = CAST(:interval_minutes AS integer),
    start_at = CAST(:start_at AS timestamptz),
    schedule = CASE WHEN CAST(:keeps_schedule AS boolean) THEN schedule ELSE CAST(:schedule AS jsonb) END,
    runs_left = CAST(:runs_left AS integer),
    next_run_at = CAST(:next_run_at AS timestamptz), planned_through = CAST(:planned_through AS timestamptz),
    stop_condition_type = :stop_condition_type, stop_condition_value = :stop_condition_value,
    status = :status, paused_at = CAST(:paused_at AS timestamptz), resumed_at = CAST(:resumed_at AS timestamptz),
    completed_at = CAST(:completed_at AS timestamptz),
    completion_reason = :completion_reason, version = CAST(:version AS integer),
    updated_at = CAST(:updated_at AS timestamptz)
WHERE id = CAST(:id AS uuid);
