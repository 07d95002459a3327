"""Schedules: how one comes in (`bodies`), how it is shown (`answers`), and previews of what it will do (`routes`)."""
