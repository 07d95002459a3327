"""The tick: what the scheduler does each minute. No transaction is open while a message is sent.

tick            begin, rounds, end; tally and summary: what it counts and says; limits: all its numbers
one_plan        what becomes of one reminder; load: how much memory the held messages take
planning        one transaction that locks what is due, decides, and writes runs
claim_floor     how far back claims look
delivery        the runs that this worker holds; pool: a channel's threads; sending: one attempt
stop_facts      what stops a run, as last read; shared by all threads
leases          waiting runs and leftovers; halving: batches that the database refuses
recording       what came of attempts is written; reports: what threads tell each other
maintenance/    what a tick does besides: rescue, drain, replan, retain
log_lines       one event, one shape
"""
