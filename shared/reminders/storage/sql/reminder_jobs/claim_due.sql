-- Locks a batch of due reminders and reads what the decisions need: the rows, which of their flags are true, which
-- have waiting runs, and their business calendars.
-- Materialized, since a LIMIT that the planner runs twice locks more rows than it says. Ordered by next_run_at alone:
-- with a second column a table that was never analysed is sorted whole, and SKIP LOCKED needs no order against
-- deadlocks. now() and not clock_timestamp(), which no index condition takes. Instants are microseconds; nextval gives
-- each run its id beforehand. The rows come as one JSON array a column: an aggregate finds out once how to write its
-- type, json_build_array anew for each value.
WITH due AS MATERIALIZED (
  SELECT ctid AS tid, *
  FROM reminder_jobs
  WHERE status = 'ACTIVE'
    AND next_run_at <= COALESCE(CAST(:now AS timestamptz), now())
    AND next_run_at > COALESCE(to_timestamp(CAST(:floor AS bigint) / 1e6::float8), '-infinity')
  ORDER BY next_run_at
  LIMIT CAST(:count AS integer)
  FOR NO KEY UPDATE SKIP LOCKED)
SELECT
  (date_part('epoch', COALESCE(CAST(:now AS timestamptz), now())) * 1e6)::bigint,
  (SELECT json_agg(key)::text
    FROM status_flags
    WHERE value AND key = ANY (ARRAY(SELECT stop_condition_value FROM due WHERE stop_condition_type = 'db_check'))),
  (SELECT json_agg(DISTINCT reminder_id)::text
    FROM reminder_runs
    WHERE state = 'PENDING' AND reminder_id = ANY (ARRAY(SELECT id FROM due))),
  (SELECT json_object_agg(name, json_build_object('weekdays', days -> 'weekdays', 'holidays', days -> 'holidays'))::text
    FROM business_calendars
    WHERE name = ANY (ARRAY(SELECT schedule ->> 'business_calendar' FROM due WHERE schedule ? 'business_calendar'))),
  json_agg(tid)::text, json_agg(id)::text, json_agg(nextval('reminder_runs_id_seq'))::text,
  json_agg(entity_type)::text, json_agg(entity_id)::text, json_agg(event_type)::text,
  json_agg(channel)::text, json_agg(recipient)::text, json_agg(message)::text,
  json_agg(schedule_type)::text, json_agg(interval_minutes)::text,
  json_agg((date_part('epoch', start_at) * 1e6)::bigint)::text,
  json_agg((date_part('epoch', next_run_at) * 1e6)::bigint)::text,
  json_agg((date_part('epoch', planned_through) * 1e6)::bigint)::text, json_agg(occurrence_no)::text,
  json_agg(stop_condition_type)::text, json_agg(stop_condition_value)::text,
  json_agg(schedule::text)::text, json_agg(runs_left)::text
FROM due;
