-- A business calendar whose reminders are not all re-planned, and how far they are; one that another tick is at work
-- on is passed over.
SELECT name, replan_after
FROM business_calendars
WHERE replan_after IS NOT NULL
LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED;
