-- Leases waiting runs whose time has come, for each channel as many as it has room for, and as many as their messages
-- do not take more than so many bytes together: the others wait for the next time. Those of reminders that this engine
-- does not understand are left to one that does.
WITH wanted AS MATERIALIZED (
  SELECT w.id, w.weight
  FROM unnest(CAST(:channels AS text[]), CAST(:rooms AS integer[])) AS c (channel, room)
  CROSS JOIN LATERAL (
    SELECT r.id, COALESCE(CASE WHEN pg_column_compression(r.message) IS NULL THEN pg_column_size(r.message)
      ELSE octet_length(r.message::text) END, 0) AS weight
    FROM reminder_runs r
    WHERE r.channel = c.channel AND r.state IN ('PENDING', 'SENDING') AND r.state = 'PENDING'
      AND r.attempt_at <= COALESCE(CAST(:now AS timestamptz), now()) AND r.attempt < 1000
      AND r.id <> ALL (CAST(:passed AS bigint[]))
      AND NOT EXISTS (
        SELECT
        FROM reminder_jobs j
        WHERE j.id = r.reminder_id
          AND (j.needs > CAST(:level AS smallint) OR j.stop_condition_type <> ALL (CAST(:conditions AS text[]))))
    ORDER BY r.attempt_at
    LIMIT c.room
    FOR NO KEY UPDATE SKIP LOCKED) w),
few AS MATERIALIZED (
  SELECT id
  FROM (
    SELECT id, weight, sum(weight) OVER (ROWS UNBOUNDED PRECEDING) AS reached
    FROM wanted) AS summed
  WHERE reached <= CAST(:bytes AS bigint) OR reached = weight),
leased AS (
  UPDATE reminder_runs r
  SET state = 'SENDING', attempt = r.attempt + 1, reason = NULL,
      attempt_at = COALESCE(CAST(:now AS timestamptz), now()) + CAST(:lease AS float8) * interval '1 second'
  WHERE r.id = ANY (ARRAY(SELECT id FROM few))
  RETURNING r.*)
SELECT json_agg(json_build_array(
    l.id, l.reminder_id, l.occurrence_no, l.step, l.attempt, (date_part('epoch', l.scheduled_for) * 1e6)::bigint,
      l.stands_for,
    l.channel, l.recipient, l.message, COALESCE(j.entity_type, ''), COALESCE(j.entity_id, ''),
      COALESCE(j.event_type, ''), l.incarnation))::text
FROM leased l
LEFT JOIN reminder_jobs j ON j.id = l.reminder_id;
