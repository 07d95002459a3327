-- Removes a flag, which from then on counts as false.
DELETE FROM status_flags
WHERE key = :key
RETURNING key;
