-- At the very end of a tick that could do its work. Not the greatest: after a clock that was ahead, the truth again.
UPDATE scheduler_state
SET last_ok_tick_at = COALESCE(CAST(:now AS timestamptz), now());
