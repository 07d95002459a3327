"""Stop conditions: what ends a reminder.

registry   the protocol of a condition's type, and what is asked of any condition
flags      db_check: a row of `status_flags` is true
"""

from reminders.conditions import flags as flags
from reminders.conditions.registry import ConditionType, Facts, condition_type, is_met, known_types, resolved, watched

__all__ = ["ConditionType", "Facts", "condition_type", "is_met", "known_types", "resolved", "watched"]
