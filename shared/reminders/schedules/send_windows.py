"""Gates: when sending is allowed, by a send window, by the working days of a business calendar, or by both."""

from reminders.instants import DAY, MINUTE, Instant
from reminders.model import BusinessCalendar, SendWindow
from reminders.schedules.days import date_of, weekday_of
from reminders.schedules.zones import Wall, Zone

_SEARCH_DAYS = 1_100  # three years: a gate that stays closed for longer is closed for good


class Gate:
    """Open and closed instants. Days and times are those of one zone."""

    def __init__(self, window: SendWindow, calendar: BusinessCalendar | None, zone: Zone) -> None:
        self._opens, self._closes = window.opens * MINUTE, window.closes * MINUTE
        if self._closes <= self._opens:
            self._closes += DAY
        self._weekdays = window.weekdays
        self._calendar = calendar
        self._zone = zone

    def is_open(self, instant: Instant) -> bool:
        return self._window_end(self._zone.wall(instant)) is not None

    def next_open(self, instant: Instant) -> Instant | None:
        """The first open instant from this one on; None when there is none within three years."""
        last = instant + _SEARCH_DAYS * DAY
        while instant <= last:
            stretch = self._zone.stretch(instant)
            found = self._open_wall(instant + stretch.offset, stretch.end + stretch.offset)
            if found is not None:
                return found - stretch.offset
            instant = stretch.end
        return None

    def open_until(self, instant: Instant, limit: Instant) -> Instant:
        """When a gate that is open at an instant closes, or the limit if that is earlier."""
        while instant < limit:
            stretch = self._zone.stretch(instant)
            closing = self._window_end(instant + stretch.offset)
            if closing is None:
                return instant
            instant = min(closing - stretch.offset, stretch.end)
        return limit

    def is_day_off(self, instant: Instant) -> bool:
        """Whether it is the calendar, and not the window, that is closed on the instant's day."""
        return not self._is_working_day(self._zone.wall(instant) // DAY)

    def _open_wall(self, begin: Wall, end: Wall) -> Wall | None:
        """The first wall time in [begin, end) that lies in the window of its day or of the day before."""
        for day in range(begin // DAY - 1, (end - 1) // DAY + 1):
            opening = max(begin, day * DAY + self._opens)
            if opening < min(end, day * DAY + self._closes) and self._is_allowed(day):
                return opening
        return None

    def _window_end(self, wall: Wall) -> Wall | None:
        """When the window that a wall time lies in ends; None when it lies in none."""
        for day in (wall // DAY, wall // DAY - 1):
            if self._opens <= wall - day * DAY < self._closes and self._is_allowed(day):
                return day * DAY + self._closes
        return None

    def _is_allowed(self, day: int) -> bool:
        return weekday_of(day) in self._weekdays and self._is_working_day(day)

    def _is_working_day(self, day: int) -> bool:
        calendar = self._calendar
        if calendar is None:
            return True
        return weekday_of(day) in calendar.weekdays and date_of(day) not in calendar.holidays
