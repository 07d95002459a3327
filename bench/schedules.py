"""What one `next_occurrence` costs, by type of schedule, and for the worst rules that are accepted.

Each call is timed by itself, in the processor's time, so that what else the machine does does not count. "Cold" is the
first call after everything remembered was forgotten: patterns, periods and zones.

python -m bench.schedules [--calls 2000] [--verbose]
"""

import argparse
import statistics
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import thread_time

from bench.figures import Figure, show
from reminders.errors import InvalidField
from reminders.instants import to_instant
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import cron, zones
from reminders.schedules.advance import next_occurrence
from reminders.schedules.fields import accepted
from reminders.schedules.rrule import recurrence, spans
from reminders.schedules.rule import rule_of

START = datetime(2024, 2, 29, 9, tzinfo=UTC)  # a leap day
ZONE = "America/New_York"
MEDIAN_US = 1_000.0
WORST_US = 20_000.0
SPREAD = timedelta(hours=37, minutes=13)  # from one moment that is asked for to the next
LATER = (timedelta(0), timedelta(days=3_653), timedelta(days=18_262))  # ten and fifty years on

CRONS = ("* * * * *", "*/5 * * * *", "30 2 * * *", "0 9 * * MON-FRI", "0 9 L * *", "0 9 * * MON#2", "15 2 1,15 */3 *")
RRULES = (
    "FREQ=MINUTELY;INTERVAL=7;BYHOUR=3",
    "FREQ=HOURLY;INTERVAL=5",
    "FREQ=DAILY;BYHOUR=9,17",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
    "FREQ=YEARLY;BYDAY=20MO",
)
_EACH_DAY = "BYDAY=MO,TU,WE,TH,FR,SA,SU"
_EACH_HOUR = "BYHOUR=" + ",".join(map(str, range(24)))
_EACH_MINUTE = "BYMINUTE=" + ",".join(map(str, range(60)))
NASTY_CRONS = ("0 9 29 2 */8", "0 9 * 2 MON#5", "59 23 LW 2 *")
NASTY_RRULES = (
    # a leap day on one weekday: every 28 years, or 40
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH",
    "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=366;BYDAY=MO",
    "FREQ=HOURLY;BYYEARDAY=366;BYDAY=MO",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR;BYMONTHDAY=1",
    # steps that hardly ever meet the time of day, or the day
    "FREQ=MINUTELY;INTERVAL=43201;BYHOUR=9;BYMINUTE=0",
    "FREQ=DAILY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH",
    "FREQ=WEEKLY;INTERVAL=53;BYMONTH=2;BYDAY=TH",
    "FREQ=YEARLY;INTERVAL=99",
    "FREQ=MINUTELY;INTERVAL=999999999",
    # periods of half a million times
    f"FREQ=YEARLY;{_EACH_DAY};{_EACH_HOUR};{_EACH_MINUTE};BYSETPOS=366,-366",
    f"FREQ=MONTHLY;{_EACH_DAY};{_EACH_HOUR};{_EACH_MINUTE}",
)
# what fires so seldom that a century is looked through; with a further date each day it is asked again and again
DATED = 500  # as many rdates as a request may have
DATED_RRULES = (
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR;BYMONTHDAY=1",
    "FREQ=WEEKLY;INTERVAL=53;BYMONTH=2;BYDAY=TH",
    "FREQ=HOURLY;INTERVAL=23376;BYDAY=SU",
    "FREQ=DAILY;COUNT=1",
)
EXCEPTED = 500  # as many exdates as a request may have
COUNTED_RRULES = (
    "FREQ=MINUTELY;COUNT=999999999",
    "FREQ=MINUTELY;INTERVAL=1439;COUNT=99999",
    "FREQ=DAILY;COUNT=36500",
    "FREQ=WEEKLY;BYMONTH=1;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=30000",
    "FREQ=YEARLY;BYDAY=20MO;COUNT=999",
)
NEVER_RRULES = (
    "FREQ=HOURLY;INTERVAL=1000;BYHOUR=9;BYDAY=TH;BYMONTH=2",
    "FREQ=HOURLY;INTERVAL=25;BYHOUR=9;BYDAY=TH;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=MINUTELY;INTERVAL=1439;BYHOUR=9;BYMINUTE=0;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=HOURLY;INTERVAL=168;BYDAY=SU",
    "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
    "FREQ=MONTHLY;BYDAY=6MO",
    f"FREQ=YEARLY;BYWEEKNO=20;{_EACH_DAY};BYSETPOS=50",
)
EXCEPTED_RRULES = ("FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY;BYDAY=MO")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Microseconds of calls."""

    warm: list[float]
    cold: list[float]

    @property
    def worst(self) -> float:
        return max(self.warm + self.cold)


def schedule(kind: str, **fields: object) -> Schedule:
    """One that begins on a leap day."""
    given = {"schedule_type": kind, "start_at": START, **fields}
    return accepted(ScheduleSpec(**given), START)  # type: ignore[arg-type]


def cron_schedule(expression: str) -> Schedule:
    return schedule("cron", cron=expression, timezone=ZONE)


def rrule_schedule(rule: str) -> Schedule:
    return schedule("rrule", rrule=rule, timezone=ZONE)


def with_exceptions(rule: str) -> Schedule:
    """A rule whose next many instants are excepted, so that all of them are looked at."""
    plain, after = rrule_schedule(rule), START - timedelta(days=1)
    excepted: list[datetime] = []
    while len(excepted) < EXCEPTED and (coming := next_occurrence(plain, after)) is not None:
        excepted.append(after := coming)
    return schedule("rrule", rrule=rule, timezone=ZONE, exdates=tuple(excepted))


def with_dates(rule: str) -> Schedule:
    """A rule with a further date on each of many days."""
    rdates = tuple(START + timedelta(days=number, minutes=7) for number in range(DATED))
    return schedule("rrule", rrule=rule, timezone=ZONE, rdates=rdates)


def kinds() -> dict[str, list[Schedule]]:
    """Usual schedules of each type."""
    return {
        "one_time": [schedule("one_time")],
        "recurring": [schedule("recurring", interval_minutes=60), schedule("recurring", backoff_minutes=(60, 180))],
        "calendar": [schedule("calendar", unit=unit, timezone=ZONE) for unit in ("day", "week", "month", "year")],
        "anchored": [schedule("anchored", anchor_at=START, offsets=("-P3D", "-PT1H", "P1D"), timezone=ZONE)],
        "cron": list(map(cron_schedule, CRONS)),
        "rrule": list(map(rrule_schedule, RRULES)),
    }


def worst_accepted() -> dict[str, Schedule]:
    """Rules that fire so seldom, or have so much in them, that the next instant is far to look for."""
    found = {expression: cron_schedule(expression) for expression in NASTY_CRONS}
    found |= {rule: rrule_schedule(rule) for rule in NASTY_RRULES}
    found |= {f"{rule} with {DATED} rdates": with_dates(rule) for rule in DATED_RRULES}
    return found | {f"{rule} with {EXCEPTED} exdates": with_exceptions(rule) for rule in EXCEPTED_RRULES}


def measure(schedules: Iterable[Schedule], calls: int) -> Cost:
    """Moments from the start on, and ten and fifty years later; cold once for each schedule and era."""
    warm, cold = [], []
    for each in schedules:
        for era in LATER:
            _forget()
            cold.append(_once(each, START + era))
            warm += [_once(each, START + era + number * SPREAD) for number in range(calls // len(LATER))]
    return Cost(warm=warm, cold=cold)


def _once(each: Schedule, after: datetime) -> float:
    began = thread_time()
    next_occurrence(each, after)
    return (thread_time() - began) * 1e6


def _forget() -> None:
    for remembered in (cron.cron, recurrence.recurrence, spans.years_of, zones.zone):
        remembered.cache_clear()


def _show_kinds(calls: int) -> None:
    measure([cron_schedule(CRONS[0]), rrule_schedule(RRULES[0])], len(LATER))  # imports are not what is measured
    figures = []
    for kind, schedules in kinds().items():
        cost = measure(schedules, calls)
        goal = MEDIAN_US if kind in ("cron", "rrule") else None
        figures += [
            Figure(label=f"{kind}: median", value=statistics.median(cost.warm), unit="µs", at_most=goal),
            Figure(label=f"{kind}: worst", value=max(cost.warm), unit="µs"),
            Figure(label=f"{kind}: cold", value=max(cost.cold), unit="µs"),
        ]
    show("One next_occurrence", figures)


def _show_worst(calls: int, *, verbose: bool) -> None:
    costs = {name: measure([each], calls) for name, each in worst_accepted().items()}
    by_worst = sorted(costs, key=lambda name: costs[name].worst, reverse=True)
    worst = Figure(label="the worst call", value=costs[by_worst[0]].worst, unit="µs", at_most=WORST_US)
    medians = [statistics.median(cost.warm) for cost in costs.values()]
    figures = [worst, Figure(label="the worst rule's median", value=max(medians), unit="µs", at_most=WORST_US)]
    show(f"The worst accepted rules: {by_worst[0]}", figures)
    if verbose:
        show("Each rule's worst call", [Figure(label=n[:60], value=costs[n].worst, unit="µs") for n in by_worst])


def _show_counts() -> None:
    """What a tick pays for a reminder of which 400 days were missed."""
    figures = []
    for each in map(cron_schedule, CRONS[:4]), map(rrule_schedule, ("FREQ=MINUTELY", *RRULES)):
        figures += [
            Figure(label=one.cron or one.rrule or "", value=_count(one), unit="µs", at_most=MEDIAN_US) for one in each
        ]
    show("Counting 400 days", figures)


def _count(each: Schedule) -> float:
    rule, after = rule_of(each), to_instant(START)
    costs = []
    for _ in range(20):
        began = thread_time()
        rule.count(after, to_instant(START + timedelta(days=400)))
        costs.append((thread_time() - began) * 1e6)
    return statistics.median(costs)


def _show_creation() -> None:
    """What it costs to accept or refuse a rule: COUNT is counted, and one that never fires is found out."""
    figures = []
    for rule in (*COUNTED_RRULES, *NEVER_RRULES):
        _forget()
        began = thread_time()
        with suppress(InvalidField):
            rrule_schedule(rule)
        figures.append(Figure(label=rule[:60], value=(thread_time() - began) * 1e6, unit="µs", at_most=WORST_US))
    show("Accepting a rule", figures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2_000, help="for each schedule")
    parser.add_argument("--verbose", action="store_true", help="also each of the worst rules")
    arguments = parser.parse_args()
    _show_kinds(arguments.calls)
    _show_counts()
    _show_creation()
    _show_worst(arguments.calls // 20, verbose=arguments.verbose)
    return 0


if __name__ == "__main__":
    sys.exit(main())
