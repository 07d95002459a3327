-- Several reminders, locked, except those that somebody else has locked: returns those that are ours, and those that
-- do not exist.
WITH locked AS MATERIALIZED (
  SELECT id
  FROM reminder_jobs
  WHERE id = ANY (CAST(:reminder_ids AS uuid[]))
  FOR NO KEY UPDATE SKIP LOCKED)
SELECT id
FROM locked
UNION ALL
SELECT w.id
FROM unnest(CAST(:reminder_ids AS uuid[])) AS w (id)
WHERE NOT EXISTS (
  SELECT
  FROM reminder_jobs r
  WHERE r.id = w.id);
