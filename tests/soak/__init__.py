"""Faulted traffic at full speed for a long time: ``python -m tests.soak --minutes 10``."""
