"""What becomes of a reminder and of its runs. Pure.

transitions   which verbs a status permits
edits         new, changed, resumed and ended reminders
decide        what a due reminder does; plans: the run that it makes
stops         what stops a run that has not begun
outcomes      what came of an attempt; retries: when it is made again
"""
