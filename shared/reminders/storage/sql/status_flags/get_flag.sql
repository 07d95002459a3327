-- One flag.
SELECT *
FROM status_flags
WHERE key = :key;
