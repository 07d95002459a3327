-- When a tick last did all its work, for /health. What the last tick left counts as such: until one of this code has
-- run, an older one may.
ALTER TABLE scheduler_state ADD COLUMN last_ok_tick_at timestamptz;
UPDATE scheduler_state SET last_ok_tick_at = last_tick_at;
