-- What the last tick left for this one: the claim's lower bound, whether it is time to look without it, and whether
-- schedules follow an older edition of the time zones, or a business calendar that has changed. What no tick can have
-- left does not count: a clock that was ahead, or a person, may have written instants that have not come, or an edition
-- that has no year.
SELECT CASE WHEN claim_floor BETWEEN '1900-01-01Z' AND COALESCE(CAST(:now AS timestamptz), now())
    THEN (date_part('epoch', claim_floor) * 1e6)::bigint END,
  COALESCE(sweep_after <= COALESCE(CAST(:now AS timestamptz), now())
    OR sweep_after > COALESCE(CAST(:now AS timestamptz), now()) + CAST(:longest_pause AS float8) * interval '1 second',
    true),
  zones_version < :zones_version OR zones_version !~ :edition OR EXISTS (
    SELECT
    FROM business_calendars
    WHERE replan_after IS NOT NULL)
FROM scheduler_state;
