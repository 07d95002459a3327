-- A new reminder, listed at once; no row comes back when a live one has its natural key.
WITH inserted AS (
  INSERT INTO reminder_jobs (id, entity_type, entity_id, event_type, channel, recipient, message,
    schedule_type, interval_minutes, start_at, schedule, runs_left, next_run_at, planned_through,
    stop_condition_type, stop_condition_value, created_at, updated_at, listed_as)
  VALUES (CAST(:id AS uuid), CAST(:entity_type AS varchar), CAST(:entity_id AS varchar), CAST(:event_type AS varchar),
    CAST(:channel AS varchar), :recipient, CAST(:message AS jsonb),
    :schedule_type, CAST(:interval_minutes AS integer), CAST(:start_at AS timestamptz),
    CAST(:schedule AS jsonb), CAST(:runs_left AS integer), CAST(:next_run_at AS timestamptz),
    CAST(:planned_through AS timestamptz),
    :stop_condition_type, :stop_condition_value,
    CAST(:now AS timestamptz), CAST(:now AS timestamptz),
    hashtextextended(CAST(:channel AS varchar),
      hashtextextended(CAST(:event_type AS varchar), hashtextextended(CAST(:entity_type AS varchar), 0))))
  ON CONFLICT (entity_type, entity_id, event_type) WHERE status IN ('ACTIVE', 'PAUSED') DO NOTHING
  RETURNING *),
listed AS (
  INSERT INTO reminder_listing (id, entity_type, event_type, channel)
  SELECT id, entity_type, event_type, channel
  FROM inserted)
SELECT *
FROM inserted;
