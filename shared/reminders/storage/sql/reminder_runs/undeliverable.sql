-- Unfinished runs that nobody will send: their attempts are used up by workers that died, or no channel has their name.
-- The last lease must have been one of those for dead workers' runs, which at that attempt are made alone; a retry that
-- was leased with a thousand others has not shown yet that it is the one that kills.
SELECT id, reminder_id, occurrence_no, step, channel,
  state = 'SENDING' AND channel = ANY (CAST(:channels AS text[])) AS is_exhausted
FROM reminder_runs
WHERE state IN ('PENDING', 'SENDING') AND attempt_at <= COALESCE(CAST(:now AS timestamptz), now())
  AND ((state = 'SENDING' AND reason = 'unknown' AND attempt >= CAST(:max_attempts AS integer))
    OR channel <> ALL (CAST(:channels AS text[])))
LIMIT 1000;
