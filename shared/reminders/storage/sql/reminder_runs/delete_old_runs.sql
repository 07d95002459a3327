-- Removes a small batch of old finished runs, in two walks by id. One follows the oldest, and begins anew where it
-- meets none that is old; it passes by DEAD ones, which stay for a person, and those that are not finished. The other
-- goes round and round through all, and finds what is old though its id is not: ids begin anew with a new sequence.
-- Where nothing has changed nothing is written, so that an idle tick costs no flush.
WITH place AS MATERIALIZED (
  SELECT retained_to, runs_walked_to
  FROM scheduler_state),
oldest AS MATERIALIZED (
  SELECT id, state, created_at < COALESCE(CAST(:now AS timestamptz), now()) - CAST(:days AS integer) * interval '1 day'
    AS is_old
  FROM reminder_runs
  WHERE id > (SELECT retained_to FROM place)
  ORDER BY id
  LIMIT CAST(:count AS integer)),
walked AS MATERIALIZED (
  SELECT id, state, created_at < COALESCE(CAST(:now AS timestamptz), now()) - CAST(:days AS integer) * interval '1 day'
    AS is_old
  FROM reminder_runs
  WHERE id > (SELECT runs_walked_to FROM place)
  ORDER BY id
  LIMIT CAST(:count AS integer)),
removed AS (
  DELETE FROM reminder_runs
  WHERE id = ANY (ARRAY(SELECT id FROM (SELECT * FROM oldest UNION ALL SELECT * FROM walked) met
    WHERE is_old AND state IN ('SENT', 'SKIPPED', 'CANCELLED')))
  RETURNING 1),
reached AS MATERIALIZED (
  SELECT COALESCE((SELECT max(id) FROM oldest WHERE is_old), 0) AS retained_to,
    COALESCE((SELECT id FROM walked ORDER BY id OFFSET CAST(:count AS integer) - 1), 0) AS runs_walked_to),
noted AS (
  UPDATE scheduler_state s
  SET retained_to = r.retained_to, runs_walked_to = r.runs_walked_to
  FROM reached r
  WHERE s.retained_to <> r.retained_to OR s.runs_walked_to <> r.runs_walked_to)
SELECT count(*)
FROM removed;
