"""Where `make run` says which database it uses, so that `make sql` finds it."""

import os
from pathlib import Path

FOLDER = Path(".local")
_FILE = FOLDER / "database-url"


def write(url: str) -> None:
    """The URL may hold a password, so the file is its owner's alone from its first moment on."""
    draft = _FILE.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(url)
    draft.replace(_FILE)


def read() -> str | None:
    """The URL that was written last; None when nothing was ever run here."""
    return _FILE.read_text(encoding="utf-8") if _FILE.exists() else None
