"""Coverage-guided fuzzing with atheris: one module for each thing that reads what others wrote.

A harness has a function ``one_input(data)``: whatever the bytes are, it returns, and what must hold holds.
It needs no atheris: findings, kept in ``found/HARNESS/``, are tests (`tests.fuzz.test_harnesses`). With
atheris, which is for Linux::

    python -m tests.fuzz.harnesses --seconds 60            all, with a table in the end
    python -m tests.fuzz.harnesses.decode CORPUS -max_total_time=60
"""

HARNESSES = ("frame_buffer", "decode", "filter_language", "capture_reading", "scenario_files")
