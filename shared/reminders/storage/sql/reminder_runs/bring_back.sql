-- Runs that wait for an instant further ahead than anybody could have put it: it was written while the clock was ahead.
-- A retry is due now. A lease lasts from now on as long as any, since its worker may still be sending. What only a
-- newer engine understands is left to one. An index condition finds them: only waits that are too long for a lease, and
-- not for a retry, are read in vain. A subquery, not NOT EXISTS, lest all reminders be read to be joined.
WITH bounds AS MATERIALIZED (
  SELECT COALESCE(CAST(:now AS timestamptz), now()) AS now,
    CAST(:lease AS float8) * interval '1 second' AS lease,
    CAST(:wait AS float8) * interval '1 second' AS wait,
    CAST(:slack AS float8) * interval '1 second' AS slack),
misdated AS MATERIALIZED (
  SELECT r.id
  FROM reminder_runs r
  WHERE r.channel = ANY (CAST(:channels AS text[]))
    AND r.attempt_at > (SELECT now + LEAST(lease, wait) + slack FROM bounds)
    AND r.attempt_at > (SELECT now + slack + CASE r.state WHEN 'SENDING' THEN lease ELSE wait END FROM bounds)
    AND COALESCE((SELECT j.needs FROM reminder_jobs j WHERE j.id = r.reminder_id), 0) <= CAST(:level AS smallint)
  LIMIT CAST(:count AS integer)
  FOR NO KEY UPDATE SKIP LOCKED),
brought_back AS (
  UPDATE reminder_runs r
  SET attempt_at = b.now + CASE r.state WHEN 'SENDING' THEN b.lease ELSE interval '0' END
  FROM bounds b
  WHERE r.id = ANY (ARRAY(SELECT id FROM misdated))
  RETURNING 1)
SELECT count(*)
FROM brought_back;
