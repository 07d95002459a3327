-- A locked reminder as a caller has changed it, listed while it is ACTIVE. Its message and its schedule are written
-- only when they have changed.
WITH saved AS (
  UPDATE reminder_jobs
  SET recipient = :recipient,
      message = CASE WHEN CAST(:keeps_message AS boolean) THEN message ELSE CAST(:message AS jsonb) END,
      schedule_type = :schedule_type, interval_minutes = CAST(:interval_minutes AS integer),
      start_at = CAST(:start_at AS timestamptz),
      schedule = CASE WHEN CAST(:keeps_schedule AS boolean) THEN schedule ELSE CAST(:schedule AS jsonb) END,
      runs_left = CAST(:runs_left AS integer),
      next_run_at = CAST(:next_run_at AS timestamptz), planned_through = CAST(:planned_through AS timestamptz),
      stop_condition_type = :stop_condition_type, stop_condition_value = :stop_condition_value,
      status = CAST(:status AS text),
      paused_at = CAST(:paused_at AS timestamptz), resumed_at = CAST(:resumed_at AS timestamptz),
      completed_at = CAST(:completed_at AS timestamptz),
      completion_reason = :completion_reason, version = CAST(:version AS integer),
      updated_at = CAST(:updated_at AS timestamptz),
      listed_as = CASE WHEN CAST(:status AS text) = 'ACTIVE' THEN hashtextextended(channel,
        hashtextextended(event_type, hashtextextended(entity_type, 0))) END
  WHERE id = CAST(:id AS uuid)
  RETURNING id, entity_type, event_type, channel, status),
listed AS (
  INSERT INTO reminder_listing (id, entity_type, event_type, channel)
  SELECT id, entity_type, event_type, channel
  FROM saved
  WHERE status = 'ACTIVE'
  ON CONFLICT (id) DO UPDATE
  SET entity_type = EXCLUDED.entity_type, event_type = EXCLUDED.event_type, channel = EXCLUDED.channel
  WHERE (reminder_listing.entity_type, reminder_listing.event_type, reminder_listing.channel)
    IS DISTINCT FROM (EXCLUDED.entity_type, EXCLUDED.event_type, EXCLUDED.channel))
DELETE FROM reminder_listing
WHERE id IN (SELECT id FROM saved WHERE status <> 'ACTIVE');
