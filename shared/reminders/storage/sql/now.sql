-- The one clock: the database's, or the instant that a test has fixed.
SELECT COALESCE(CAST(:now AS timestamptz), now());
