-- Moves the sequence beyond the ids that are there: logical replication copies rows without it. An id at the end of its
-- type is somebody's mistake, and no reason to get there.
SELECT setval('reminder_runs_id_seq', GREATEST(
  (SELECT max(id)
    FROM reminder_runs
    WHERE id < 4611686018427387904),
  (SELECT last_value
    FROM reminder_runs_id_seq)));
