"""Why a tick could not do its work, in one word: what metrics count and alarms distinguish."""

from reminders.errors import DatabaseRefused, DatabaseUnavailable, ForeignStage, SchemaBehind

_WORDS = {
    "28000": "login",
    "28P01": "login",
    "3D000": "no_database",
    "3F000": "schema",
    "42P01": "schema",
    "42703": "schema",
    "42704": "schema",
    "42883": "schema",
    "42501": "permission",
    "25006": "read_only",
    "53100": "disk_full",
    "53200": "out_of_memory",
    "53300": "too_many_connections",
    "55P03": "locked",
    "57014": "timeout",
}


def failure_of(error: BaseException) -> str:
    """The word for an exception that has ended a tick."""
    match error:
        case SchemaBehind():
            return "schema"
        case ForeignStage():
            return "stage"
        case DatabaseUnavailable():  # it names the server's SQLSTATE, or says in words why there is no server
            return _WORDS.get(error.why, "unreachable")
        case DatabaseRefused():
            return _WORDS.get(error.sqlstate, "refused")
    return "unexpected"
