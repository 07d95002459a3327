"""What the unit tests share."""

import os

from hypothesis import settings

# By default hypothesis fails a test for being slow once: no test here asserts a duration.
settings.register_profile("reminders", deadline=None)
# What a release hangs on gives the same answer twice; elsewhere each run looks at other examples.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "reminders")
