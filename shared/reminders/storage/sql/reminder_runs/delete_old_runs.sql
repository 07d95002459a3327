-- Removes a small batch of old finished runs, in the order of their ids from a bookmark on. DEAD ones stay for a
-- person.
WITH oldest AS MATERIALIZED (
  SELECT id, state, created_at
  FROM reminder_runs
  WHERE id > (SELECT retained_to FROM scheduler_state)
  ORDER BY id
  LIMIT CAST(:count AS integer)),
old AS MATERIALIZED (
  SELECT id, state
  FROM oldest
  WHERE created_at < COALESCE(CAST(:now AS timestamptz), now()) - CAST(:days AS integer) * interval '1 day'),
removed AS (
  DELETE FROM reminder_runs
  WHERE id = ANY (ARRAY(SELECT id FROM old WHERE state IN ('SENT', 'SKIPPED', 'CANCELLED')))
  RETURNING 1),
noted AS (
  UPDATE scheduler_state
  SET retained_to = (SELECT max(id) FROM old)
  WHERE EXISTS (SELECT FROM old))
SELECT count(*)
FROM removed;
