-- Records what came of leased runs. A delay of NULL means finished, else look again after so many seconds.
-- The attempt is the fence: a late worker's outcome finds no row, and fewer are counted than were given. `held` is a
-- column and not a constant, so that the planner cannot choose the index over unfinished runs, which is full of entries
-- that have just died.
WITH o AS MATERIALIZED (
  SELECT *, 'SENDING' AS held
  FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS smallint[]), CAST(:states AS text[]), CAST(:delays AS float8[]),
      CAST(:reasons AS text[]), CAST(:errors AS text[]), CAST(:provider_ids AS text[]))
    AS o (id, attempt, state, delay, reason, error, provider_id)),
recorded AS (
  UPDATE reminder_runs r
  SET state = o.state, reason = o.reason, error = o.error, provider_id = o.provider_id,
      attempt_at = COALESCE(CAST(:now AS timestamptz), now()) + o.delay * interval '1 second',
      finished_at = CASE WHEN o.delay IS NULL THEN COALESCE(CAST(:now AS timestamptz), now()) END
  FROM o
  WHERE r.id = ANY (ARRAY(SELECT id FROM o)) AND r.id = o.id AND r.attempt = o.attempt AND r.state = o.held
  RETURNING 1)
SELECT count(*)
FROM recorded;
