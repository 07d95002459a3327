-- What may stop the leased runs that have not begun: facts of their reminders and flags, all as of one instant.
WITH held AS MATERIALIZED (
  SELECT h.id, h.attempt
  FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS smallint[])) AS h (id, attempt)),
facts AS MATERIALIZED (
  SELECT h.id, COALESCE(r.state = 'SENDING' AND r.attempt = h.attempt, false) AS owned,
    r.attempt > 1 AND EXISTS (
      SELECT
      FROM reminder_runs s
      WHERE s.reminder_id = r.reminder_id AND s.occurrence_no > r.occurrence_no AND s.cause = 'schedule'
        AND s.state <> 'SKIPPED') AS has_successor, r.cause, r.attempt, r.scheduled_for, r.created_at,
    j.status, j.completion_reason, j.paused_at, j.resumed_at, j.next_run_at, j.planned_through, j.stop_condition_type,
      j.stop_condition_value,
    COALESCE(j.schedule ->> 'misfire_policy' = 'fire_all', false) AS catches_up
  FROM held h
  LEFT JOIN reminder_runs r ON r.id = h.id AND r.id = ANY (CAST(:ids AS bigint[]))
  LEFT JOIN reminder_jobs j ON j.id = r.reminder_id)
SELECT
  (date_part('epoch', COALESCE(CAST(:now AS timestamptz), now())) * 1e6)::bigint,
  (SELECT json_agg(json_build_array(
      id, owned, has_successor, cause, attempt, (date_part('epoch', scheduled_for) * 1e6)::bigint,
        (date_part('epoch', created_at) * 1e6)::bigint,
      status, completion_reason, (date_part('epoch', paused_at) * 1e6)::bigint,
        (date_part('epoch', resumed_at) * 1e6)::bigint,
      (date_part('epoch', next_run_at) * 1e6)::bigint,
      (date_part('epoch', planned_through) * 1e6)::bigint, stop_condition_type, stop_condition_value, catches_up))::text
    FROM facts),
  (SELECT json_agg(key)::text
    FROM status_flags
    WHERE value AND key = ANY (ARRAY(SELECT stop_condition_value FROM facts WHERE stop_condition_type = 'db_check')));
