"""Half a minute of fifty cyclers, sixteen channels each, into two targets at once: no reading is missing."""

from __future__ import annotations

from pathlib import Path

from tests.record.fifty import CHANNELS, CYCLERS, run
from tests.record.postgres import there

SECONDS = 30


def test_no_reading_is_missing_while_a_database_is_away(tmp_path: Path) -> None:
    targets = [str(tmp_path / "readings.sqlite"), *(["postgresql"] if there() else [])]
    found = run(SECONDS, targets, away=SECONDS / 3)
    assert found["missing"] == dict.fromkeys(targets, 0)
    # Half of what is due: the machine may be busy.
    assert found["readings"] >= CYCLERS * CHANNELS * SECONDS / 2
