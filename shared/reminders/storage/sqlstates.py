"""What a refusal of the server's means for the connection, for the statement, and for whoever waits for an answer."""

LOCKED = "55P03"  # lock_timeout: somebody has held a lock for too long
READ_ONLY = "25006"

_CONFLICTS = ("40P01", "40001")
_REFUSED_PASSWORD = ("28P01", "28000")
# Not the statement's fault. Connections (08), the state of a transaction (25), passwords (28), resources (53), an
# operator or a shutdown or a time-out (57), the machine (58); a database that is not there (yet).
_UNAVAILABLE = ("08", "25", "28", "53", "57", "58", "3D000", "26000", "34000")
# The session is not what we take it for: it has lost its transaction, leads to a server that cannot write, or ends.
_ASTRAY = ("08", "25", "57P", "26000", "34000")
_ON_A_STAND_BY = ("0A000", "55000")  # how a server refuses what it cannot do while it follows another


def as_it_is_meant(sqlstate: str, *, at_a_stand_by: bool) -> str:
    """A stand-by has several words for not being the writer: here it has one."""
    return READ_ONLY if at_a_stand_by and sqlstate in _ON_A_STAND_BY else sqlstate


def is_conflict(sqlstate: str) -> bool:
    """Whether the server gave up this transaction for another's sake: the same work may succeed when it is repeated."""
    return sqlstate in _CONFLICTS


def is_refused_password(sqlstate: str) -> bool:
    return sqlstate in _REFUSED_PASSWORD


def is_unavailable(sqlstate: str) -> bool:
    """Whether the server cannot serve now; another time it may."""
    return sqlstate.startswith(_UNAVAILABLE)


def ends_the_connection(sqlstate: str) -> bool:
    """Whether the next statement had better go out on a new connection, to where the name leads then."""
    return sqlstate.startswith(_ASTRAY)
