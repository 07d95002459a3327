-- Those keys whose flag is true.
SELECT key
FROM status_flags
WHERE value AND key = ANY (CAST(:keys AS text[]));
