-- What the last tick left for this one: the claim's lower bound, whether it is time to look without it, and whether
-- schedules follow an older edition of the time zones, or a business calendar that has changed.
SELECT (date_part('epoch', claim_floor) * 1e6)::bigint,
  COALESCE(sweep_after <= COALESCE(CAST(:now AS timestamptz), now()), true),
  zones_version < :zones_version OR EXISTS (
    SELECT
    FROM business_calendars
    WHERE replan_after IS NOT NULL)
FROM scheduler_state;
