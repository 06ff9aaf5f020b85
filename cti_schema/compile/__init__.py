"""Codecs that are written as Python source from the declarations, and compiled on first use.

::

    declaration -> form.py: steps -> parsing*.py, building*.py: source -> compiled.py: functions
                                  -> skipping.py, lazy.py: views of frames

A compiled function handles what is plainly as declared. In any doubt it gives up, and the construct struct
of the message decides: it stays the meaning; what it accepts is accepted, and what it refuses is refused with
its error, path and offset. ``cti messages NAME --source`` shows what is written; tracebacks show its lines.
"""
