"""What the documentation shows is what comes out."""

import json
import re
from pathlib import Path

import pytest

from tests.doors import Door

SCHEDULES = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```\n```text\n(.*?)```", SCHEDULES, re.DOTALL)


@pytest.mark.parametrize("body, shown", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_example_of_a_schedule_is_true(door: Door, body: str, shown: str) -> None:
    """A body of docs/schedules.md, sent as it stands, is answered with the lines under it."""
    answer = door("POST", "/schedules/preview", json.loads(body))
    assert answer.status == 200, answer.json
    found = ["  ".join([item["at"], item["local"], *item["notes"]]) for item in answer.json["items"]]
    assert found == shown.strip().splitlines()


def test_every_type_has_an_example() -> None:
    """No type of schedule is only described."""
    shown = {json.loads(body)["schedule_type"] for body, _ in EXAMPLES}
    assert shown == {"one_time", "recurring", "calendar", "cron", "rrule", "anchored"}
