"""Codecs that are written as Python source from the declarations, and compiled on first use.

::

    declaration -> form.py: steps -> parsing.py, building.py: source -> compiled.py: functions

A compiled function handles what is plainly as declared, and calls nothing slow. In any doubt it gives up,
and the construct struct of the message decides: it stays the meaning, what it accepts is accepted, and what
it refuses is refused with its error, path and offset.
"""
