"""`make restored`: tells the engine that its database was restored or copied, and whose it is now.

Works on DATABASE_URL (or the cloud's DATABASE_SECRET_ARN), or on the running local database.
"""

import os
import sys

from local import database_url
from local.sql import NOT_RUNNING
from reminders.errors import DatabaseRefused, DatabaseUnavailable
from reminders.settings import Settings
from reminders.storage.database import Database
from reminders.storage.store import Store
from reminders.wiring import address_of


def main(stage: str | None) -> int:
    """What is planned from now on has new ids; with a stage, the database is that stage's."""
    settings = Settings.from_environment(os.environ)
    if not settings.database_url and not settings.database_secret_arn:
        written = database_url.read()
        if written is None:
            print(NOT_RUNNING, file=sys.stderr)
            return 1
        settings = settings._replace(database_url=written)
    store = Store(Database(address_of(settings)))
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
