-- The run of a channel that would be leased first, or taken over, and that the database refuses to lease.
SELECT r.id, r.reminder_id, r.occurrence_no, r.step, r.incarnation, r.channel, j.stop_condition_type,
  'unreadable' AS reason
FROM reminder_runs r
LEFT JOIN reminder_jobs j ON j.id = r.reminder_id
WHERE r.channel = :channel AND r.state IN ('PENDING', 'SENDING') AND r.state = :state
  AND r.attempt_at <= COALESCE(CAST(:now AS timestamptz), now())
  AND r.attempt BETWEEN CAST(:least AS integer) AND CAST(:most AS integer)
  AND r.id <> ALL (CAST(:passed AS bigint[]))
ORDER BY CASE r.state WHEN 'SENDING' THEN r.attempt END, r.attempt_at
LIMIT 1;
