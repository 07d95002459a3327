-- Locks a batch of due reminders and reads what the decisions need: the rows, which of their flags are true, which
-- have waiting runs, and their business calendars.
-- Materialized, since a LIMIT that the planner runs twice locks more rows than it says. Ordered by next_run_at alone:
-- with a second column a table that was never analysed is sorted whole, and SKIP LOCKED needs no order against
-- deadlocks. now() and not clock_timestamp(), which no index condition takes. Instants are microseconds; nextval gives
-- each run its id beforehand. The rows come as one JSON array a column: an aggregate finds out once how to write its
-- type, json_build_array anew for each value. Of long messages and schedules no more is read than so many bytes: rows
-- beyond them stay locked and are claimed again. What is compressed counts as the text that it becomes; a sum over all,
-- which costs little, is asked first.
WITH due AS MATERIALIZED (
  SELECT ctid AS tid, *
  FROM reminder_jobs
  WHERE status = 'ACTIVE' AND needs <= CAST(:level AS smallint)
    AND next_run_at <= COALESCE(CAST(:now AS timestamptz), now())
    AND next_run_at > COALESCE(to_timestamp(CAST(:floor AS bigint) / 1e6::float8), '-infinity')
  ORDER BY next_run_at
  LIMIT CAST(:count AS integer)
  FOR NO KEY UPDATE SKIP LOCKED),
few AS (
  SELECT *
  FROM due
  WHERE CAST(:bytes AS bigint) >= (
      SELECT COALESCE(sum(pg_column_size(message)), 0) + COALESCE(sum(pg_column_size(schedule)), 0)
        + CASE WHEN bool_or(pg_column_compression(message) IS NOT NULL OR pg_column_compression(schedule) IS NOT NULL)
          THEN 1e9 ELSE 0 END
      FROM due)
    OR tid = ANY (ARRAY(
      SELECT tid
      FROM (
        SELECT tid, weight, sum(weight) OVER (ROWS UNBOUNDED PRECEDING) AS reached
        FROM (
          SELECT tid,
            CASE WHEN pg_column_compression(message) IS NULL THEN COALESCE(pg_column_size(message), 0)
              ELSE octet_length(message::text) END
            + CASE WHEN pg_column_compression(schedule) IS NULL THEN COALESCE(pg_column_size(schedule), 0)
              ELSE octet_length(schedule::text) END AS weight
          FROM due) AS weighed) AS summed
      WHERE reached <= CAST(:bytes AS bigint) OR reached = weight)))
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
  (SELECT count(*) FROM due),
  (SELECT incarnation FROM scheduler_state),
  json_agg(tid)::text, json_agg(id)::text, json_agg(nextval('reminder_runs_id_seq'))::text,
  json_agg(entity_type)::text, json_agg(entity_id)::text, json_agg(event_type)::text,
  json_agg(channel)::text, json_agg(recipient)::text, json_agg(message)::text,
  json_agg(schedule_type)::text, json_agg(interval_minutes)::text,
  json_agg((date_part('epoch', start_at) * 1e6)::bigint)::text,
  json_agg((date_part('epoch', next_run_at) * 1e6)::bigint)::text,
  json_agg((date_part('epoch', planned_through) * 1e6)::bigint)::text, json_agg(occurrence_no)::text,
  json_agg(stop_condition_type)::text, json_agg(stop_condition_value)::text,
  json_agg(schedule::text)::text, json_agg(runs_left)::text
FROM few;
