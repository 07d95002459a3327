"""The reminder engine. The rooms in reading order; each imports only from those above it.

model · runs · states · errors · instants     the vocabulary
settings · observe                     what can be set for the whole; the log
egress       the one guarded way out to addresses that callers name
schedules    when: which instants a schedule means, and what a due reminder does next
conditions   until when: stop conditions
messages     what: texts with placeholders
channels     how: email, a log line, signed webhooks; no channel knows another
lifecycle    what becomes of a reminder and of its runs: transitions, decisions, retries, edits
storage      PostgreSQL: connection, rows, one SQL statement a file
commands     what callers ask: each verb one transaction
engine       the tick: plan what is due, deliver it, record what came of it, keep house
api          HTTP: one module a noun, the edge that guards it, the OpenAPI document
wiring       the environment in, working parts out
"""
