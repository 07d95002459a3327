"""`db_check`: a flag that any system sets, by the API or with one SQL statement."""

import re
from collections.abc import Collection

from reminders.conditions.registry import Facts, condition_type
from reminders.errors import InvalidField
from reminders.model import NaturalKey

FLAG_KEY_PATTERN = r"^[A-Za-z0-9._:@+=-]{1,300}$"
_FLAG_KEY = re.compile(FLAG_KEY_PATTERN[:-1] + r"\Z")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@condition_type("db_check")
class DbCheck:
    """True when the flag is true. A missing flag counts as false."""

    def resolve(self, value: str, key: NaturalKey) -> str:
        names = {"entity_type": key.entity_type, "entity_id": key.entity_id, "event_type": key.event_type}
        resolved = _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), value)
        if not _FLAG_KEY.match(resolved):
            raise InvalidField(
                "stop_condition_value",
                "must resolve to a flag key: 1 to 300 letters, digits or any of . _ : @ + = -",
            )
        return resolved

    def watched(self, value: str) -> Collection[str]:
        return (value,)

    def is_met(self, value: str, facts: Facts) -> bool:
        return value in facts.true_flags
