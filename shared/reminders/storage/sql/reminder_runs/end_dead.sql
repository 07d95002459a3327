-- Ends undeliverable runs as DEAD, unless somebody has taken one up in the meantime.
UPDATE reminder_runs
SET state = 'DEAD', reason = :reason, error = :error, attempt_at = NULL,
  finished_at = COALESCE(CAST(:now AS timestamptz), now())
WHERE id = ANY (CAST(:ids AS bigint[])) AND state IN ('PENDING', 'SENDING')
  AND attempt_at <= COALESCE(CAST(:now AS timestamptz), now());
