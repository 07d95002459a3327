-- What the last tick left for this one: the claim's lower bound, and whether it is time to look without it.
SELECT (date_part('epoch', claim_floor) * 1e6)::bigint,
  COALESCE(sweep_after <= COALESCE(CAST(:now AS timestamptz), now()), true)
FROM scheduler_state;
