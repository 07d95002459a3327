"""The engine's numbers: how much at once, how long at most, how fresh."""

from typing import NamedTuple

BATCH = 1_000  # reminders planned in one transaction
ROOM = 2_000  # runs that a channel may hold: two batches, so that one is sent while the next is planned
RENDERED_BYTES = 2_000_000  # of messages that are rendered in one transaction; as SQL they take seven times as much
LEASED_BYTES = 1_000_000  # of messages that were leased at once, after which fewer are asked for
HELD_BYTES = 48_000_000  # of messages that are held, after which no channel has room
LONG_BYTES = 5_000  # of one message, which an outcome that waits to be recorded no longer holds
RESERVE = ROOM // 20  # the part of a channel's room that a backlog leaves to what has just become due
FAN_OUT_RUNS = 10_000  # once one tick has planned this many with no end in sight, more workers are called

LEASE_SECONDS = 120.0  # longer than a tick may live, so that no lease ends under a living worker
LOOK_SECONDS = 1.0  # how long a waiting tick goes without looking for something new
PLAN_SECONDS = 1.0  # for deciding in one transaction, whose idle time the server bounds; the rest comes next
UNKNOWN_SECONDS = 60  # what is not known here waits so long for a worker that knows it
GRACE_HOURS = 24.0  # for a deployment to come that knows it
PARKED_IN_A_ROW = 10  # with more refusals than this and no success between them, the rows are hardly to blame
SLOW_IN_A_ROW = 2  # the same of plans that outlast their transaction, since a slow server is likelier than slow rows
TOO_SLOW_DIVISOR = 32  # a batch that outlasts its transaction is made so much smaller: 1,000, 31, alone
PUT_OFF_SECONDS = 60.0  # for a reminder that contradicts other rows, and is not to blame

FRESH_SECONDS = 0.9  # an older reading of the stop facts is renewed before a send; the promise is one second
RENEW_SECONDS = 0.6  # at this age the owner renews the reading by itself, before anybody has to wait for it
FLUSH_RUNS = 500  # so many outcomes are recorded at once,
FLUSH_SECONDS = 0.2  # or fewer after this time
STALLED_SECONDS = 0.6  # with FLUSH_RUNS unrecorded and none recorded for so long, nothing more is sent
AGAIN_SECONDS = 0.5  # between tries to record what the database does not take

# Parts of a tick's budget
ALONE_SECONDS = 10.0  # for runs that are sent with nothing else in hand
REPLAN_SECONDS = 5.0  # for what new zones or calendars change
RETAIN_SECONDS = 5.0  # for removing old runs and reminders
LISTING_SECONDS = 5.0  # for what lists do not find yet, unless the tick was busy
LISTED = 500  # reminders entered or checked at once: a busy tick does that once

# The end of a tick: both waits fit into the margin and leave the last statements their share.
MARGIN_SECONDS = 1.0  # kept after the deadline for recording and handing back
GRACE_SECONDS = 0.5  # after the deadline, for sends that end a little late
PARTING_SECONDS = 0.25  # for the recorder's thread to close its connection, so that no frozen process keeps it


class Periods(NamedTuple):
    """How long things are kept, and waited for, where a setting says so."""

    run_retention_days: int = 90
    reminder_retention_days: int = 400
    unknown_grace_hours: float = GRACE_HOURS


USUAL_PERIODS = Periods()
