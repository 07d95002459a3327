"""The rules of schedules: which instants each type of schedule means. Pure.

zones      time zones as stretches of constant offset
wall       wall-clock patterns, and what missing and repeated hours make of them
cron · every · recurrence      the patterns: cron, calendar units, RFC 5545
rrule_parts · periods · spans · clocks      of a recurrence: its parts as read; the days of a week, month or year; times of day
elapsed · anchored             instants without a pattern: grids, gaps, offsets from an anchor
gates      when sending is allowed: send windows and business calendars
fields     which fields belong to which type, and what is refused
rule       a Schedule in, its Rule out
stored     a Schedule as the database keeps it
timeline   occurrences with the instants at which they are due
misfires   what becomes of missed ones: a Step
preview · words                a schedule shown to people
"""
