-- Removes a business calendar that no live reminder keeps to; says whether it was there and whether it is gone.
WITH found AS (
  SELECT name
  FROM business_calendars
  WHERE name = :name
  FOR UPDATE),
removed AS (
  DELETE FROM business_calendars
  WHERE name = (SELECT name FROM found) AND NOT EXISTS (
    SELECT
    FROM reminder_jobs
    WHERE schedule ->> 'business_calendar' = :name AND status IN ('ACTIVE', 'PAUSED'))
  RETURNING name)
SELECT EXISTS (SELECT FROM found), EXISTS (SELECT FROM removed);
