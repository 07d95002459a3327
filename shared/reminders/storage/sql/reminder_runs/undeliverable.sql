-- Unfinished runs that nobody will send: their attempts are used up by workers that died, or for a long time no worker
-- has known their channel or their reminder's condition.
-- The last lease must have been one of those for dead workers' runs, which at that attempt are made alone; a retry that
-- was leased with a thousand others has not shown yet that it is the one that kills. More attempts than one beyond the
-- last nobody has made: SQL has put them there, and they are neither leased nor taken over.
SELECT r.id, r.reminder_id, r.occurrence_no, r.step, r.incarnation, r.channel, j.stop_condition_type,
  CASE
    WHEN r.channel <> ALL (CAST(:channels AS text[])) THEN 'unknown_channel'
    WHEN j.stop_condition_type <> ALL (CAST(:conditions AS text[])) THEN 'unknown_condition'
    ELSE 'attempts_exhausted' END AS reason
FROM reminder_runs r
LEFT JOIN reminder_jobs j ON j.id = r.reminder_id
WHERE r.state IN ('PENDING', 'SENDING') AND r.attempt_at <= COALESCE(CAST(:now AS timestamptz), now())
  AND COALESCE(j.needs <= CAST(:level AS smallint), true)
  AND (((r.state = 'SENDING' AND r.reason = 'unknown' AND r.attempt >= CAST(:max_attempts AS integer)
        OR r.attempt > CAST(:max_attempts AS integer) + 1)
      AND r.channel = ANY (CAST(:channels AS text[])))
    OR ((r.channel <> ALL (CAST(:channels AS text[]))
        OR COALESCE(j.stop_condition_type <> ALL (CAST(:conditions AS text[])), false))
      AND r.attempt_at <= COALESCE(CAST(:now AS timestamptz), now()) - CAST(:grace AS float8) * interval '1 hour'))
LIMIT 1000;
