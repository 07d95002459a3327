-- Removes a locked business calendar, unless a live reminder uses it. A statement of its own, so that it sees those
-- that were created while it waited for the lock.
DELETE FROM business_calendars
WHERE name = :name AND NOT EXISTS (
  SELECT
  FROM reminder_jobs
  WHERE schedule ->> 'business_calendar' = :name AND status IN ('ACTIVE', 'PAUSED'))
RETURNING name;
