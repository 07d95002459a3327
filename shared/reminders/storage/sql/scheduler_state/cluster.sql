-- Which cluster of databases this is. Everybody may ask, unless an administrator has taken that away.
SELECT system_identifier::text
FROM pg_control_system();
