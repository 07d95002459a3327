-- A reminder's history, newest first.
SELECT *
FROM reminder_runs
WHERE reminder_id = CAST(:reminder_id AS uuid)
  AND (CAST(:before_no AS integer) IS NULL
    OR (occurrence_no, step) < (CAST(:before_no AS integer), CAST(:before_step AS smallint)))
ORDER BY occurrence_no DESC, step DESC
LIMIT CAST(:count AS integer);
