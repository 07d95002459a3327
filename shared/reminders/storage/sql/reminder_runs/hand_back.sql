-- Gives back leased runs that have not begun; each gets its attempt back.
UPDATE reminder_runs r
SET state = 'PENDING', attempt = r.attempt - 1, attempt_at = COALESCE(CAST(:now AS timestamptz), now())
FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS smallint[])) AS h (id, attempt)
WHERE r.id = ANY (CAST(:ids AS bigint[])) AND r.id = h.id AND r.state = 'SENDING' AND r.attempt = h.attempt;
