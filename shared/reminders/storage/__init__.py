"""PostgreSQL. `sql/<table>/` holds one statement a file.

store         all tables over one connection, by one clock
reminders · due · replanning      what is asked of `reminder_jobs`: by callers, by ticks, and when zones change
runs · flags · calendars · scheduler      one class a table, one method a statement
changes       the one place that opens a change of a reminder
statements    how a statement is found and run; parameters: what goes in; rows: reminders, in and out
database      transactions, and what is repeated; connection · wire · timestamptz · jsonb · dsn: the way there
"""
