-- Forgets which database this was, so that whoever asks next begins a new life, and says whose it is, if that is given.
UPDATE scheduler_state
SET identity = 'restored', stage = COALESCE(CAST(:stage AS text), stage);
