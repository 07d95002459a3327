-- Moves the numbers of occurrences beyond the history: after a restore of reminders alone newer runs may have the next
-- ones. Numbers at the end of their type are somebody's mistake, and no reason to get there.
UPDATE reminder_jobs j
SET occurrence_no = h.last
FROM (
  SELECT w.id, (
      SELECT max(r.occurrence_no)
      FROM reminder_runs r
      WHERE r.reminder_id = w.id AND r.occurrence_no < 2000000000) AS last
  FROM unnest(CAST(:reminder_ids AS uuid[])) AS w (id)) AS h
WHERE j.id = h.id AND j.id = ANY (CAST(:reminder_ids AS uuid[])) AND j.occurrence_no < h.last;
