"""`make openapi`: writes docs/openapi.json, the document as the API serves it, for people and for comparing
versions."""

import json
import sys
from pathlib import Path
from typing import Never

from reminders.api import build_api
from reminders.settings import Settings

FILE = Path(__file__).parent.parent / "docs" / "openapi.json"


def document() -> str:
    """The document, indented. It needs no database."""
    served = build_api(_no_commands, Settings()).find("GET", "/openapi.json").operation.handler().body or ""
    return json.dumps(json.loads(served), indent=2, ensure_ascii=False) + "\n"


def _no_commands() -> Never:
    raise RuntimeError("the document is made without any command")


def main() -> int:
    FILE.write_text(document(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
