-- How far an edition of the time zones is applied; NULL: to all.
UPDATE scheduler_state
SET zones_replan_after = CAST(:after AS uuid),
    zones_version = CASE WHEN CAST(:after AS uuid) IS NULL THEN :version ELSE zones_version END;
