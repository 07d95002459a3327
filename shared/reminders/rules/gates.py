"""Gates: when sending is allowed, by a send window, by the working days of a business calendar, or by both."""

from datetime import date

from reminders.model import BusinessCalendar, Instant, SendWindow
from reminders.rules.zones import DAY, SECOND, Zone

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MINUTE = 60 * SECOND
_SEARCH_DAYS = 1_100  # three years: a gate that stays closed for longer is closed for good


class Gate:
    """Open and closed instants. Days and times are those of one zone."""

    def __init__(self, window: SendWindow, calendar: BusinessCalendar | None, zone: Zone) -> None:
        self._opens, self._closes = window.opens * _MINUTE, window.closes * _MINUTE
        if self._closes <= self._opens:
            self._closes += DAY
        self._weekdays = window.weekdays
        self._calendar = calendar
        self._zone = zone

    def is_open(self, instant: Instant) -> bool:
        wall = self._zone.wall(instant)
        day, time = divmod(wall, DAY)
        return (self._opens <= time < self._closes and self._is_allowed(day)) or (
            time + DAY < self._closes and self._is_allowed(day - 1)
        )

    def next_open(self, instant: Instant) -> Instant | None:
        """The first open instant from this one on; None when there is none within three years."""
        if self.is_open(instant):
            return instant
        day = self._zone.wall(instant) // DAY - 1
        for each in range(day, day + _SEARCH_DAYS):
            if not self._is_allowed(each):
                continue
            for candidate in self._openings(each):
                if candidate > instant and self.is_open(candidate):
                    return candidate
        return None

    def is_day_off(self, instant: Instant) -> bool:
        """Whether it is the calendar, and not the window, that is closed on the instant's day."""
        return not self._is_working_day(self._zone.wall(instant) // DAY)

    def _openings(self, day: int) -> list[Instant]:
        """When the window that belongs to a day may begin: where its opening is shown, or the clock jumps into it."""
        opening, closing = day * DAY + self._opens, day * DAY + self._closes
        jumps = self._zone.transitions(opening - DAY, closing + DAY)
        return sorted({*self._zone.instants(opening), *jumps})

    def _is_allowed(self, day: int) -> bool:
        return (day + 3) % 7 in self._weekdays and self._is_working_day(day)

    def _is_working_day(self, day: int) -> bool:
        calendar = self._calendar
        if calendar is None:
            return True
        return (day + 3) % 7 in calendar.weekdays and date.fromordinal(_EPOCH_DAY + day) not in calendar.holidays
