-- Once a tick: when it ran, the claim's new lower bound and, if it looked without one, when that may be done again.
UPDATE scheduler_state
SET claim_floor = to_timestamp(CAST(:floor AS bigint) / 1e6::float8),
    sweep_after = COALESCE(COALESCE(CAST(:now AS timestamptz), now()) + CAST(:pause AS float8) * interval '1 second',
      sweep_after),
    last_tick_at = COALESCE(CAST(:now AS timestamptz), now());
