-- The run of a channel that would be leased first, or taken over, and that the database refuses to lease.
SELECT id, reminder_id
FROM reminder_runs
WHERE channel = :channel AND state IN ('PENDING', 'SENDING') AND state = :state
  AND attempt_at <= COALESCE(CAST(:now AS timestamptz), now())
  AND attempt BETWEEN CAST(:least AS integer) AND CAST(:most AS integer)
  AND id <> ALL (CAST(:passed AS bigint[]))
ORDER BY CASE state WHEN 'SENDING' THEN attempt END, attempt_at
LIMIT 1;
