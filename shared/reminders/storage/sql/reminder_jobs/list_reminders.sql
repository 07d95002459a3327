-- Reminders, newest first: of all, or of those that a search has found. Ids are UUIDv7, so their order is that of
-- creation and needs no index of its own. A search may have been overtaken, so all filters are asked again; one that is
-- NULL folds away at planning.
-- The page is one JSON array of rows, which Python reads five times as fast as it reads so many columns one by one.
-- Their order is that of `_LISTED` in rows.py. Instants and jsonb are texts in it: each is read on its own, as
-- elsewhere. A page ends after the row with which it has :bytes; then there are rows that are not on it.
SELECT
  json_agg(listed ORDER BY id DESC) FILTER (WHERE bytes_before < CAST(:bytes AS integer)),
  COALESCE(max(bytes_before), 0) >= CAST(:bytes AS integer)
FROM (
  SELECT id, listed,
    sum(octet_length(listed::text)) OVER (ORDER BY id DESC) - octet_length(listed::text) AS bytes_before
  FROM (
    SELECT id, json_build_array(
      id, entity_type, entity_id, event_type, channel, recipient, CAST(message AS text),
      schedule_type, interval_minutes, CAST(start_at AS text), CAST(schedule AS text), runs_left,
      CAST(next_run_at AS text), CAST(planned_through AS text), occurrence_no,
      stop_condition_type, stop_condition_value, status, CAST(paused_at AS text), CAST(resumed_at AS text),
      CAST(completed_at AS text), completion_reason, last_error, needs, CAST(unknown_since AS text), version,
      CAST(created_at AS text), CAST(updated_at AS text)) AS listed
    FROM reminder_jobs
    WHERE (CAST(:ids AS uuid[]) IS NULL OR id = ANY (CAST(:ids AS uuid[])))
      AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
      AND (CAST(:status AS text) IS NULL OR status = CAST(:status AS text))
      AND (CAST(:entity_type AS text) IS NULL OR entity_type = CAST(:entity_type AS text))
      AND (CAST(:entity_id AS text) IS NULL OR entity_id = CAST(:entity_id AS text))
      AND (CAST(:event_type AS text) IS NULL OR event_type = CAST(:event_type AS text))
      AND (CAST(:channel AS text) IS NULL OR channel = CAST(:channel AS text))
      AND (CAST(:due_before AS timestamptz) IS NULL
        OR (status = 'ACTIVE' AND next_run_at < CAST(:due_before AS timestamptz)))
    ORDER BY id DESC
    LIMIT CAST(:count AS integer)) AS page) AS measured;
