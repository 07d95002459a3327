-- Writes a batch of decisions: one UPDATE of the claimed reminders, one INSERT of their runs. Says how many it has
-- advanced. The rows are addressed by their place, which cannot change while this transaction has them locked.
-- ARRAY(SELECT …) hides from the planner how many there are: told of a thousand it reads the whole table instead of
-- going to each place. What a run copies from its reminder (channel, recipient, a message without placeholders) never
-- leaves the server. What is usual is NULL: ACTIVE, one occurrence, a run for the instant that the cursor moves to, a
-- cursor that stays. An error of a reminder that stays ACTIVE says what in it is not known here.
WITH job AS MATERIALIZED (
  SELECT *
  FROM unnest(CAST(:tids AS tid[]), CAST(:statuses AS text[]), CAST(:next_run_at AS bigint[]),
      CAST(:planned_through AS bigint[]),
      CAST(:reasons AS text[]), CAST(:errors AS text[]),
      CAST(:run_ids AS bigint[]), CAST(:run_states AS text[]), CAST(:run_reasons AS text[]),
      CAST(:run_errors AS text[]),
      CAST(:scheduled_for AS bigint[]), CAST(:stands_for AS integer[]), CAST(:messages AS text[]))
    AS j (tid, status, next_run_at, planned_through, reason, error,
      run_id, run_state, run_reason, run_error, scheduled_for, stands_for, message)),
advanced AS (
  UPDATE reminder_jobs r
  SET status = COALESCE(j.status, 'ACTIVE'),
      next_run_at = to_timestamp(j.next_run_at / 1e6::float8),
      planned_through = COALESCE(to_timestamp(j.planned_through / 1e6::float8), r.planned_through),
      occurrence_no = r.occurrence_no + (j.run_state IS NOT NULL)::integer,
      runs_left = r.runs_left - (j.planned_through IS NOT NULL AND j.run_state IS NOT NULL
        AND j.run_state <> 'SKIPPED')::integer,
      listed_as = CASE WHEN j.status IS NULL THEN r.listed_as END,
      completion_reason = j.reason,
      last_error = j.error,
      unknown_since = CASE WHEN j.error IS NOT NULL AND j.status IS NULL
        THEN COALESCE(r.unknown_since, CAST(:now AS timestamptz), now()) END,
      completed_at = CASE WHEN j.status IS NOT NULL THEN COALESCE(CAST(:now AS timestamptz), now()) END,
      updated_at = COALESCE(CAST(:now AS timestamptz), now())
  FROM job j
  WHERE r.ctid = j.tid AND r.ctid = ANY (ARRAY(SELECT tid FROM job))
  RETURNING r.id, r.status, r.occurrence_no, r.channel, r.recipient,
    CASE WHEN j.run_state <> 'SKIPPED' THEN COALESCE(CAST(j.message AS jsonb), r.message) END AS message,
    j.run_id, j.run_state, j.run_reason, j.run_error,
    to_timestamp(COALESCE(j.scheduled_for, j.planned_through) / 1e6::float8) AS scheduled_for,
    COALESCE(j.stands_for, 1) AS stands_for),
delisted AS (
  DELETE FROM reminder_listing
  WHERE id = ANY (ARRAY(SELECT id FROM advanced WHERE status <> 'ACTIVE'))),
inserted AS (
  INSERT INTO reminder_runs (id, reminder_id, occurrence_no, scheduled_for, stands_for, channel, recipient, message,
    state, attempt, attempt_at, reason, error, created_at, finished_at, incarnation)
  SELECT run_id, id, occurrence_no, scheduled_for, stands_for, channel, recipient, message,
    run_state, (run_state = 'SENDING')::integer,
    CASE run_state
      WHEN 'SENDING' THEN COALESCE(CAST(:now AS timestamptz), now()) + CAST(:lease AS float8) * interval '1 second'
      WHEN 'PENDING' THEN COALESCE(CAST(:now AS timestamptz), now()) END,
    run_reason, run_error, COALESCE(CAST(:now AS timestamptz), now()),
    CASE WHEN run_state NOT IN ('SENDING', 'PENDING') THEN COALESCE(CAST(:now AS timestamptz), now()) END,
    CAST(:incarnation AS text)
  FROM advanced
  WHERE run_state IS NOT NULL)
SELECT count(*)
FROM advanced;
