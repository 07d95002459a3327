-- Gives back leased runs that have not been sent; each gets its attempt back, and waits so many seconds.
UPDATE reminder_runs r
SET state = 'PENDING', attempt = r.attempt - 1, reason = h.reason, error = h.error,
  attempt_at = COALESCE(CAST(:now AS timestamptz), now()) + h.delay * interval '1 second'
FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS smallint[]), CAST(:delays AS float8[]),
  CAST(:reasons AS text[]), CAST(:errors AS text[])) AS h (id, attempt, delay, reason, error)
WHERE r.id = ANY (CAST(:ids AS bigint[])) AND r.id = h.id AND r.state = 'SENDING' AND r.attempt = h.attempt;
