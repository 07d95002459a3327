"""Recurrence rules of RFC 5545.

schedule     the schedule type: its fields, its wall times
recurrence   a rule's wall times from its start to its end, with RDATE and EXDATE
parts        a rule's parts, read strictly
periods      which days and times a rule means, as if it had begun long ago
spans        the days of a week, month or year
clocks       the times of a day
words        a rule in English
"""
