-- How far the reminders of a changed calendar are re-planned; NULL: all are.
UPDATE business_calendars
SET replan_after = CAST(:after AS uuid)
WHERE name = :name;
