-- What every session of this role gets in this database: a bound on what it may hold up. The client waits longer for an
-- answer than statement_timeout. Such settings are not copied with a template, so a copy of a database needs them anew.
DO $$
BEGIN
  EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET statement_timeout = %L', current_database(), '15s');
  EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET lock_timeout = %L', current_database(), '5s');
  EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET idle_in_transaction_session_timeout = %L',
    current_database(), '5s');
END $$;
