-- Locks a batch of due reminders and reads what deciding needs: the rows, the true ones among their flags, and which have waiting runs.
-- Materialized, since a LIMIT that the planner runs twice locks more rows than it says. Ordered by next_run_at alone: with a second
-- column a table that was never analysed is sorted whole, and SKIP LOCKED needs no order against deadlocks. now() and not
-- clock_timestamp(), which no index condition takes. Instants are microseconds; nextval gives each run its id beforehand.
WITH due AS MATERIALIZED (
  SELECT ctid, *
  FROM reminder_jobs
  WHERE status = 'ACTIVE'
    AND next_run_at <= COALESCE(CAST(:now AS timestamptz), now())
    AND next_run_at > COALESCE(to_timestamp(CAST(:floor AS bigint) / 1e6::float8), '-infinity')
  ORDER BY next_run_at
  LIMIT CAST(:count AS integer)
  FOR NO KEY UPDATE SKIP LOCKED)
SELECT
  (date_part('epoch', COALESCE(CAST(:now AS timestamptz), now())) * 1e6)::bigint,
  (SELECT json_agg(json_build_array(
      ctid, id, nextval('reminder_runs_id_seq'), entity_type, entity_id, event_type, channel, recipient, message,
      schedule_type, interval_minutes, (date_part('epoch', start_at) * 1e6)::bigint, (date_part('epoch', next_run_at) * 1e6)::bigint,
      (date_part('epoch', planned_through) * 1e6)::bigint, occurrence_no, stop_condition_type, stop_condition_value))::text
    FROM due),
  (SELECT json_agg(key)::text
    FROM status_flags
    WHERE value AND key = ANY (ARRAY(SELECT stop_condition_value FROM due WHERE stop_condition_type = 'db_check'))),
  (SELECT json_agg(DISTINCT reminder_id)::text
    FROM reminder_runs
    WHERE state = 'PENDING' AND reminder_id = ANY (ARRAY(SELECT id FROM due)));
