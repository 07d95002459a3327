-- Whether the ticks have to go on completing what this flag stops.
UPDATE status_flags
SET draining = CAST(:draining AS boolean)
WHERE key = :key AND value AND draining <> CAST(:draining AS boolean);
