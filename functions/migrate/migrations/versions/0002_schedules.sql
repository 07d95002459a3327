-- Schedules beyond intervals and single instants. The new columns are NULL in every row that is there, so no table is
-- rewritten.

ALTER TABLE reminder_jobs
  -- what schedule_type, start_at and interval_minutes do not say; NULL for plain schedules
  ADD COLUMN schedule  jsonb,
  ADD COLUMN runs_left integer;    -- of max_runs; NULL: no limit

ALTER TABLE reminder_jobs
  DROP CONSTRAINT schedule_is_whole,
  ADD CONSTRAINT schedule_is_whole CHECK (CASE schedule_type
    WHEN 'recurring' THEN COALESCE(interval_minutes BETWEEN 1 AND 5256000, schedule ? 'backoff_minutes', false)
    WHEN 'one_time'  THEN interval_minutes IS NULL
    WHEN 'calendar'  THEN COALESCE(interval_minutes IS NULL AND schedule ? 'unit', false)
    WHEN 'cron'      THEN COALESCE(interval_minutes IS NULL AND schedule ? 'cron', false)
    WHEN 'rrule'     THEN COALESCE(interval_minutes IS NULL AND schedule ? 'rrule', false)
    WHEN 'anchored'  THEN COALESCE(interval_minutes IS NULL AND schedule ? 'anchor_at' AND schedule ? 'offsets', false)
    ELSE false END) NOT VALID,
  ADD CONSTRAINT runs_left_fits CHECK (runs_left >= 0) NOT VALID;
ALTER TABLE reminder_jobs VALIDATE CONSTRAINT schedule_is_whole;
ALTER TABLE reminder_jobs VALIDATE CONSTRAINT runs_left_fits;

CREATE TABLE business_calendars (
  name         varchar(100) COLLATE "C" PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9._:@+=-]+$'),
  -- Weekdays, 0 is Monday, and holidays as ISO dates.
  days         jsonb       NOT NULL CHECK (COALESCE(jsonb_typeof(days -> 'weekdays') = 'array'
    AND jsonb_typeof(days -> 'holidays') = 'array', false)
    AND NOT days @? '$.weekdays[*] ? (!(@.type() == "number" && @ >= 0 && @ <= 6))'
    AND NOT days @? '$.holidays[*] ? (!(@.type() == "string" && @ like_regex "^[0-9]{4}-[01][0-9]-[0-3][0-9]$"))'),
  -- changed, and the reminders up to here are re-planned; NULL: all are
  replan_after uuid,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
-- Few: those whose calendar has just changed.
CREATE INDEX business_calendars_replanning ON business_calendars (name) WHERE replan_after IS NOT NULL;

CREATE INDEX reminder_jobs_by_calendar ON reminder_jobs ((schedule ->> 'business_calendar'), id)
  WHERE schedule ->> 'business_calendar' IS NOT NULL AND status IN ('ACTIVE', 'PAUSED');

ALTER TABLE scheduler_state
  -- The edition of the time-zone database that all future instants follow. Nothing read a clock before this one.
  ADD COLUMN zones_version      varchar(10) NOT NULL DEFAULT '2026f',
  -- a newer one is being applied, and the reminders up to here have it
  ADD COLUMN zones_replan_after uuid;
