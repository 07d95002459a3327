-- Which schema the database has and whether it takes writes: what can be asked whatever the schema is.
SELECT version_num, NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'
FROM alembic_version;
