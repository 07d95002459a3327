"""Holidays out of iCalendar files: what counts, what repeats, and what is refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.api import calendar_files
from reminders.api.refusals import InvalidRequest
from reminders.schedules.rrule.recurrence import Recurrence

TODAY = date(2026, 3, 2)


def file(*events: str) -> bytes:
    """A calendar with these events, each given as its lines."""
    bodies = [f"BEGIN:VEVENT\nUID:{number}\n{lines}\nEND:VEVENT\n" for number, lines in enumerate(events)]
    text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" + "".join(bodies) + "END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def found(*events: str) -> list[str]:
    return [day.isoformat() for day in calendar_files.holidays(file(*events), TODAY)]


@pytest.mark.parametrize(
    ("event", "days"),
    [
        # One day: without an end, with an end that is not part of it, and with one that is the same day.
        ("DTSTART;VALUE=DATE:20261225", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", ["2026-12-25"]),
        # Several days.
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227", ["2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:P2D", ["2026-12-25", "2026-12-26"]),
        # Repeated, with an end of its own.
        ("DTSTART;VALUE=DATE:20241225\nRRULE:FREQ=YEARLY;COUNT=2", ["2024-12-25", "2025-12-25"]),
        ("DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY;UNTIL=20261225", ["2025-12-25", "2026-12-25"]),
        # A weekday of a month, and further and excepted dates.
        (
            "DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2",
            ["2026-11-26", "2027-11-25"],
        ),
        (
            "DTSTART;VALUE=DATE:20261225\nRDATE;VALUE=DATE:20261231,20270101\nEXDATE;VALUE=DATE:20261225",
            ["2026-12-31", "2027-01-01"],
        ),
    ],
)
def test_an_all_day_event_is_its_days(event: str, days: list[str]) -> None:
    """From its begin to before its end, and whenever it repeats."""
    assert found(event) == days


def test_days_count_in_the_years_around_today() -> None:
    """Ten back and twenty ahead: what repeats may do so for ever."""
    days = found("DTSTART;VALUE=DATE:19000501\nRRULE:FREQ=YEARLY")
    assert (len(days), days[0], days[-1]) == (30, "2016-05-01", "2045-05-01")
    assert found("DTSTART;VALUE=DATE:19000501", "DTSTART;VALUE=DATE:20261225") == ["2026-12-25"]


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:20261224T090000Z",  # it has a time of the day
        "DTSTART;TZID=Europe/Berlin:20261224T000000\nDTEND;TZID=Europe/Berlin:20261225T000000",
        "DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED",
        "SUMMARY:Nothing says when",
    ],
)
def test_other_events_do_not_count(event: str) -> None:
    """Those with a time of day, and those that do not take place."""
    assert found(event, "DTSTART;VALUE=DATE:20261225") == ["2026-12-25"]
    with pytest.raises(InvalidRequest):
        found(event)


def test_a_byte_order_mark_is_no_fault() -> None:
    """Windows' programs write one."""
    assert calendar_files.holidays(b"\xef\xbb\xbf" + file("DTSTART;VALUE=DATE:20261225"), TODAY) == [date(2026, 12, 25)]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"\x00" * 100,
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\n",
        file("DTSTART;VALUE=DATE:20261225") * 2,
        file("DTSTART;VALUE=DATE:20261325"),
        file("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261224"),
        file("DTSTART;VALUE=DATE:20261225\nDTEND:20261226T000000Z"),
        file("DTSTART;VALUE=DATE:20261225\nDURATION:-P1D"),
        file("DTSTART;VALUE=DATE:20261225\nDURATION:P61D"),
        file("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=SOMETIMES"),
        file("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYMONTHDAY=40"),
        file("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=SECONDLY"),
        file("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY"),
        file("DTSTART;VALUE=DATE:99991231\nDURATION:P3D"),
        file(*["DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=1"] * 51),
        file("DTSTART;VALUE=DATE:20261225" + "\nRRULE:FREQ=YEARLY;COUNT=1" * 51),
        file("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=MINUTELY;BYMONTH=1"),
        file("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=HOURLY;COUNT=3"),
        file("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=DAILY;COUNT=3;BYHOUR=0,12"),
        file("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYMINUTE=30"),
        file("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYSECOND=0"),
        file("DTSTART;VALUE=DATE:20160101" + "\nRRULE:FREQ=DAILY;BYMONTH=1,2,3" * 30),
        file(
            *[
                f"DTSTART;VALUE=DATE:20{year}{month:02}01\nDURATION:P60D"
                for year in range(20, 40)
                for month in range(1, 13)
            ]
        ),
        b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 5_000 + b"END:VEVENT\r\n" * 5_000 + b"END:VCALENDAR\r\n",
    ],
    ids=lambda raw: f"{raw[-60:-30]!r} {len(raw)}",
)
def test_a_file_that_names_no_days_is_refused(raw: bytes) -> None:
    """What cannot be read, has none, has too many, or has an event that is no day off: always the body is named."""
    with pytest.raises(InvalidRequest) as refused:
        calendar_files.holidays(raw, TODAY)
    assert [error.field for error in refused.value.errors] == ["body"]


def test_no_more_is_looked_at_than_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that names the same days again and again, excepted or not, is given up in the middle of it."""
    looked: list[int] = []
    search = Recurrence.next_day

    def counted(self: Recurrence, day: int) -> int | None:
        looked.append(day)
        return search(self, day)

    monkeypatch.setattr(Recurrence, "next_day", counted)
    excepted = ",".join(f"2027{month:02}{day:02}" for month in range(1, 13) for day in range(1, 29))
    for more in ("", f"\nEXDATE;VALUE=DATE:{excepted}"):
        rules = "\nRRULE:FREQ=DAILY;UNTIL=20271231" * 50
        with pytest.raises(InvalidRequest, match="body") as refused:
            calendar_files.holidays(file(*[f"DTSTART;VALUE=DATE:20260101{more}{rules}\nDURATION:P2D"]), TODAY)
        assert "too often" in refused.value.errors[0].message
    assert len(looked) < 60_000


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: file(f"DTSTART;VALUE=DATE:20261225\n{text}")))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """No input ends in another exception."""
    try:
        calendar_files.holidays(raw, TODAY)
    except InvalidRequest as refused:
        assert refused.errors[0].field == "body"
