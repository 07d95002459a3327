-- Bounds of what the engine calculates with, and of what it holds in memory. What has ended may be as it is: it is only
-- shown, and a row that breaks a bound must be able to end. PostgreSQL evaluates them with each UPDATE, so they are few
-- and cheap; what jsonb holds is judged by whoever reads it. Sizes are those of the jsonb, before compression.

ALTER TABLE reminder_jobs
  DROP CONSTRAINT IF EXISTS pauses_are_sane,
  DROP CONSTRAINT IF EXISTS live_is_bounded,
  ADD CONSTRAINT pauses_are_sane CHECK (COALESCE(paused_at BETWEEN '1900-01-01Z' AND '2900-01-01Z', true)
    AND COALESCE(resumed_at BETWEEN '1900-01-01Z' AND '2900-01-01Z', true)) NOT VALID,
  ADD CONSTRAINT live_is_bounded CHECK (completed_at IS NOT NULL
    OR COALESCE(pg_column_size(message) <= 1048576, true) AND COALESCE(pg_column_size(schedule) <= 262144, true))
    NOT VALID;

ALTER TABLE reminder_runs
  DROP CONSTRAINT IF EXISTS unfinished_is_bounded,
  ADD CONSTRAINT unfinished_is_bounded CHECK (attempt_at IS NULL
    OR scheduled_for BETWEEN '1900-01-01Z' AND '2900-01-01Z' AND created_at BETWEEN '1900-01-01Z' AND '2900-01-01Z'
    AND attempt <= 1000 AND COALESCE(pg_column_size(message) <= 4194304, true)) NOT VALID;
