-- Leases runs whose lease has expired: their worker is dead, or worse. Those with the fewest attempts first, and in
-- batches that shrink with the attempts, so that a run that kills its process is alone before its attempts are used up.
-- The reason marks such a lease for undeliverable.sql. Their messages take no more than so many bytes together.
WITH suspects AS MATERIALIZED (
  SELECT min(r.attempt) AS attempt
  FROM reminder_runs r
  WHERE r.channel = ANY (CAST(:channels AS text[])) AND r.state IN ('PENDING', 'SENDING') AND r.state = 'SENDING'
    AND r.attempt_at <= COALESCE(CAST(:now AS timestamptz), now())
    AND r.attempt BETWEEN CAST(:least AS integer) AND CAST(:most AS integer)
    AND r.id <> ALL (CAST(:passed AS bigint[]))
    AND NOT EXISTS (
      SELECT
      FROM reminder_jobs j
      WHERE j.id = r.reminder_id
        AND (j.needs > CAST(:level AS smallint) OR j.stop_condition_type <> ALL (CAST(:conditions AS text[]))))),
expired AS MATERIALIZED (
  SELECT r.id, COALESCE(CASE WHEN pg_column_compression(r.message) IS NULL THEN pg_column_size(r.message)
    ELSE octet_length(r.message::text) END, 0) AS weight
  FROM reminder_runs r
  WHERE r.channel = ANY (CAST(:channels AS text[])) AND r.state IN ('PENDING', 'SENDING') AND r.state = 'SENDING'
    AND r.attempt_at <= COALESCE(CAST(:now AS timestamptz), now())
    AND r.attempt = (SELECT attempt FROM suspects) AND r.id <> ALL (CAST(:passed AS bigint[]))
    AND NOT EXISTS (
      SELECT
      FROM reminder_jobs j
      WHERE j.id = r.reminder_id
        AND (j.needs > CAST(:level AS smallint) OR j.stop_condition_type <> ALL (CAST(:conditions AS text[]))))
  ORDER BY r.attempt_at
  LIMIT (SELECT (CAST(:batches AS integer[]))[LEAST(attempt, cardinality(CAST(:batches AS integer[])))] FROM suspects)
  FOR NO KEY UPDATE SKIP LOCKED),
few AS MATERIALIZED (
  SELECT id
  FROM (
    SELECT id, weight, sum(weight) OVER (ROWS UNBOUNDED PRECEDING) AS reached
    FROM expired) AS summed
  WHERE reached <= CAST(:bytes AS bigint) OR reached = weight),
leased AS (
  UPDATE reminder_runs r
  SET state = 'SENDING', attempt = r.attempt + 1, reason = 'unknown',
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
