"""Benchmarks: each is a script that prints a table. Read ratios within one run, not absolutes."""
