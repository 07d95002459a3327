"""When a reminder fires: what each type of schedule means, and what a schedule does with a reminder that is due. Pure.

Asked from outside:
advance         what a due reminder does: fire, skip or wait; when the next occurrence is due
fields          checks and accepts what a caller says about a schedule
rule            a schedule's rule, its timeline, and when its messages may be sent
preview         the next instants, shown to people; words: the schedule in English
stored          a schedule as the database keeps it; bounds: what each field may be

One class for each schedule type:
schedule_type   what each type can be asked; registry: the types by name
one_time · recurring · calendar_units · cron · rrule/ · anchored

What they are made of:
intervals       instants without a clock: grids, growing gaps, lists
patterns        wall times day by day, and what a clock change makes of them
zones           time zones as stretches of constant offset
days            calendar days as numbers; durations: ISO 8601; phrases: numbers and times in English

From instants to what is due:
timeline        occurrences in their order, each with the instant at which it is due
send_windows    when sending is allowed: send windows and business calendars
misfires        what becomes of occurrences that were missed
"""
