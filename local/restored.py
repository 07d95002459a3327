"""`make restored`: tells the engine that its database was restored or copied, and whose it is now.

Works on DATABASE_URL (or the cloud's DATABASE_SECRET_ARN), or on the running local database.
"""

import os
import sys

from local.__main__ import URL_FILE
from local.sql import NOT_RUNNING
from reminders.errors import DatabaseRefused, DatabaseUnavailable
from reminders.settings import Settings
from reminders.wiring import build_store


def main(stage: str | None) -> int:
    """What is planned from now on has new ids; with a stage, the database is that stage's."""
    settings = Settings.from_environment(os.environ)
    if not settings.database_url and not settings.database_secret_arn:
        if not URL_FILE.exists():
            print(NOT_RUNNING, file=sys.stderr)
            return 1
        settings = settings._replace(database_url=URL_FILE.read_text(encoding="utf-8"))
    store = build_store(settings)
    try:
        owner = store.scheduler.begin_new_life(stage).stage
    except (DatabaseUnavailable, DatabaseRefused) as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        store.close()
    print(f"What is planned from now on has new ids. The database belongs to {_in_words(owner)}.")
    return 0


def _in_words(owner: str | None) -> str:
    return f"stage {owner}" if owner else "the stage whose scheduler comes first"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
