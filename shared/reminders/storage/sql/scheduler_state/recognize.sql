-- Whose database this is, and whether it has just begun a new life: it has where cluster, database or tables are not
-- those that were seen last, since a dump brings this row along, but none of them. (The tables tell of a restore into
-- the same database.) All who ask at the same time see one new life. Usually nothing is written.
-- A row that is missing is made again: it may have been a later life's, and its edition of the time zones is not known.
-- Another stage's row is left as it is.
WITH live AS MATERIALIZED (
  SELECT concat_ws(':', CAST(:cluster AS text), oid, CAST('reminder_jobs'::regclass AS oid),
      CAST('reminder_runs'::regclass AS oid)) AS identity
  FROM pg_database
  WHERE datname = current_database()),
begun AS (
  INSERT INTO scheduler_state AS s (stage, identity, incarnation, zones_version)
  SELECT CAST(:stage AS text), identity, CAST(:fresh AS text), ''
  FROM live
  WHERE NOT EXISTS (
    SELECT
    FROM scheduler_state k
    WHERE k.identity = live.identity AND (k.stage IS NOT NULL OR CAST(:stage AS text) IS NULL))
  ON CONFLICT (only_row) DO UPDATE
  SET stage = COALESCE(s.stage, excluded.stage),
      identity = excluded.identity,
      incarnation = CASE WHEN s.identity <> excluded.identity THEN excluded.incarnation ELSE s.incarnation END
  WHERE COALESCE(s.stage = excluded.stage, true)
  RETURNING stage, incarnation)
SELECT stage, COALESCE(incarnation = CAST(:fresh AS text), false)
FROM begun
UNION ALL
SELECT stage, false
FROM scheduler_state
WHERE NOT EXISTS (SELECT FROM begun);
