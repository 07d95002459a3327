"""Reminders: how one comes in (`bodies`), how it is shown (`answers`), and what can be done with it (`routes`)."""
