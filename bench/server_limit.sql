-- The physical limit: the same work inside the server, without a client. In the same batches, on the same schema,
-- indexes and planner settings: claim with flag read, one UPDATE, one INSERT of the runs with their message, COMMIT;
-- one UPDATE of the runs, COMMIT.
CREATE OR REPLACE PROCEDURE server_limit(batch integer) LANGUAGE plpgsql AS $$
DECLARE
  run_ids bigint[];
BEGIN
  LOOP
    WITH due AS MATERIALIZED (
      SELECT r.ctid AS tid, r.id, f.value IS TRUE AS stopped,
        r.start_at + (floor(date_part('epoch',
          now() - r.start_at) / (r.interval_minutes * 60)) * r.interval_minutes) * interval '1 minute' AS latest,
        r.interval_minutes
      FROM reminder_jobs r
      LEFT JOIN status_flags f ON f.key = r.stop_condition_value
      WHERE r.status = 'ACTIVE' AND r.next_run_at <= now()
      ORDER BY r.next_run_at
      LIMIT batch
      FOR NO KEY UPDATE OF r SKIP LOCKED),
    advanced AS (
      UPDATE reminder_jobs r
      SET status = CASE WHEN d.stopped THEN 'COMPLETED' ELSE 'ACTIVE' END,
          next_run_at = CASE WHEN NOT d.stopped THEN d.latest + d.interval_minutes * interval '1 minute' END,
          planned_through = CASE WHEN d.stopped THEN r.planned_through ELSE d.latest END,
          occurrence_no = r.occurrence_no + (NOT d.stopped)::integer,
          completion_reason = CASE WHEN d.stopped THEN 'stop_condition' END,
          completed_at = CASE WHEN d.stopped THEN now() END,
          updated_at = now()
      FROM due d
      WHERE r.ctid = d.tid AND r.ctid = ANY (ARRAY(SELECT tid FROM due))
      RETURNING r.id, r.occurrence_no, r.channel, r.recipient, r.message, d.latest, d.stopped),
    inserted AS (
      INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, recipient, message, state,
        attempt, attempt_at)
      SELECT id, occurrence_no, latest, channel, recipient, message, 'SENDING', 1, now() + interval '120 seconds'
      FROM advanced
      WHERE NOT stopped
      RETURNING id)
    SELECT array_agg(id) INTO run_ids FROM inserted;
    COMMIT;
    EXIT WHEN run_ids IS NULL;
    UPDATE reminder_runs
    SET state = 'SENT', attempt_at = NULL, finished_at = now()
    WHERE id = ANY (run_ids) AND state = 'SENDING' AND attempt = 1;
    COMMIT;
  END LOOP;
END $$;
