-- How far a newer edition of the time zones has been applied, locked; no row when it is applied, or when another
-- tick is applying it.
SELECT COALESCE(zones_replan_after, '00000000-0000-0000-0000-000000000000')
FROM scheduler_state
WHERE zones_version < :version OR zones_version !~ :edition
FOR NO KEY UPDATE SKIP LOCKED;
