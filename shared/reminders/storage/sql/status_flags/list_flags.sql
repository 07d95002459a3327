-- Flags in the order of their keys.
SELECT *
FROM status_flags
WHERE (CAST(:after AS text) IS NULL OR key > CAST(:after AS text))
ORDER BY key
LIMIT CAST(:count AS integer);
