-- Creates or sets a flag. Its row stays locked until the transaction ends: flags come first in the order of locks.
INSERT INTO status_flags AS f (key, value, created_at, updated_at)
VALUES (:key, CAST(:value AS boolean), COALESCE(CAST(:now AS timestamptz), now()),
  COALESCE(CAST(:now AS timestamptz), now()))
ON CONFLICT (key) DO UPDATE
  SET value = EXCLUDED.value,
      draining = f.draining AND EXCLUDED.value,
      updated_at = CASE WHEN f.value = EXCLUDED.value THEN f.updated_at ELSE EXCLUDED.updated_at END
RETURNING *;
