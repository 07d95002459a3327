-- Unfinished runs that nobody will send: their attempts are used up by workers that died, or no channel has their name.
-- The last lease must have been one of those for dead workers' runs, which at that attempt are made alone; a retry that
-- was leased with a thousand others has not shown yet that it is the one that kills. More attempts than one beyond the
-- last nobody has made: SQL has put them there, and they are neither leased nor taken over.
SELECT id, reminder_id, (state = 'SENDING' OR attempt > CAST(:max_attempts AS integer) + 1)
  AND channel = ANY (CAST(:channels AS text[])) AS exhausted
FROM reminder_runs
WHERE state IN ('PENDING', 'SENDING') AND attempt_at <= COALESCE(CAST(:now AS timestamptz), now())
  AND ((state = 'SENDING' AND reason = 'unknown' AND attempt >= CAST(:max_attempts AS integer))
    OR attempt > CAST(:max_attempts AS integer) + 1
    OR channel <> ALL (CAST(:channels AS text[])))
LIMIT 1000;
