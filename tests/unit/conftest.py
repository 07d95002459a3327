"""What the unit tests share."""

from hypothesis import settings

# By default hypothesis fails a test for being slow once: no test here asserts a duration. Where CI is set, it draws the
# same examples each time by itself.
settings.register_profile("reminders", deadline=None)
settings.load_profile("reminders")
