"""A file in the Battery Data Format for each test on each channel, as CSV or as Parquet.

Rows are appended to CSV files. A Parquet file cannot grow: there a CSV file beside it grows, and becomes
Parquet when the test has ended or the logger ends.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from cti_client.dump.readings_table import COLUMNS
from cti_client.record.observe import AT_REST
from cti_client.record.sinks.claim import Claim
from cti_client.record.spool import MOST_BATCHES
from cti_client.record.tables import READINGS, TABLES, Batch
from cti_schema.errors import ConfigurationError

__all__ = ["FROM", "BdfSink"]

#: What stands in the columns of the format.
FROM: Final = {
    "Test Time / s": "test_time_s",
    "Voltage / V": "voltage_v",
    "Current / A": "current_a",
    "Unix Time / s": "time",
    "Cycle Count / 1": "cycle_index",
    "Step ID": "step_index",
    "Step Time / s": "step_time_s",
    "Power / W": "power_w",
    "Schedule Charging Capacity / Ah": "charge_capacity_ah",
    "Schedule Discharging Capacity / Ah": "discharge_capacity_ah",
    "Schedule Charging Energy / Wh": "charge_energy_wh",
    "Schedule Discharging Energy / Wh": "discharge_energy_wh",
    "DC Internal Resistance / ohm": "internal_resistance_ohm",
    "AC Internal Resistance / ohm": "acr_ohm",
    "Absolute Impedance / ohm": "aci_ohm",
    "Phase / deg": "aci_phase_deg",
    "Temperature T1 / degC": "temperature_t1_degc",
    "Channel": "channel",
    "Status": "status",
    "Test Name": "test_name",
    "Schedule Name": "schedule_name",
}

_COLUMNS: Final = [(name, kind) for name, kind, _ in COLUMNS if name in FROM]
_PLACES: Final = [READINGS.place(FROM[name]) for name, _ in _COLUMNS]
_UNIX_TIME: Final = [name for name, _ in _COLUMNS].index("Unix Time / s")

_CYCLER, _CHANNEL, _STATUS, _TEST = (
    READINGS.place(name) for name in ("cycler", "channel", "status", "test_name")
)  # fmt: skip
_ENDED: Final = [TABLES["tests"].place(name) for name in ("cycler", "channel", "test_name", "running")]
_AT_REST: Final = frozenset(status.label for status in AT_REST)

#: Rows in memory at a time.
_ROWS: Final = 5000

#: Bytes at the end of a file in which `MOST_BATCHES` rows surely are.
_TAIL: Final = MOST_BATCHES * 600

#: What cannot stand in a file's name everywhere.
_UNSAFE: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*%]|[ .]$|^\.')


class BdfSink:
    """A folder with a folder for each cycler, and in it ``TEST.channel5.bdf.csv`` or ``.bdf.parquet``.

    Args:
        folder: made if it is not there. One logger at a time may write into it.
        parquet: write Parquet, not CSV.

    Raises:
        ConfigurationError: it cannot be written, another logger writes into it, or pyarrow is missing.
    """

    every_s = 2.0

    def __init__(self, folder: Path, *, parquet: bool) -> None:
        self.name = f"bdf.{'parquet' if parquet else 'csv'}:{folder}"
        if parquet:
            _need_pyarrow()
        self._folder = folder
        self._parquet = parquet
        self._claim = Claim(folder)
        self._seen: set[Path] = set()  # files that end as this sink left them
        self._growing: set[Path] = set()

    def write(self, batches: Iterable[Batch]) -> None:
        """Append the readings of tests that run.

        Raises:
            OSError: a file cannot be written.
        """
        again: dict[Path, set[str]] = {}  # times in files that may already have rows which come again
        waiting: dict[Path, list[list[Any]]] = {}
        ended: dict[Path, None] = {}
        count = 0
        try:
            for batch in batches:
                for row in batch.get("readings", ()):
                    if row[_TEST] and row[_STATUS] not in _AT_REST:
                        file = self._file(row[_CYCLER], row[_CHANNEL], row[_TEST])
                        waiting.setdefault(file, []).append(_row(row))
                        ended.pop(file, None)
                        count += 1
                for row in batch.get("tests", ()):
                    cycler, channel, test, running = (row[place] for place in _ENDED)
                    if not running:
                        ended[self._file(cycler, channel, test)] = None
                if count >= _ROWS:
                    self._append(waiting, again)
                    waiting, count = {}, 0
            self._append(waiting, again)
        except BaseException:
            self._seen.clear()
            raise
        for file in ended:
            self._finish(file)

    def close(self) -> None:
        """Make Parquet of what grows."""
        try:
            for file in list(self._growing):
                self._finish(file)
        finally:
            self._claim.close()

    def _file(self, cycler: str, channel: int, test: str) -> Path:
        return self._folder / _safe(cycler) / f"{_safe(test)}.channel{channel}.bdf.csv"

    def _append(self, waiting: dict[Path, list[list[Any]]], again: dict[Path, set[str]]) -> None:
        for file, rows in waiting.items():
            if file not in self._seen:
                again[file] = _mend(file)
                self._seen.add(file)
                self._growing.add(file)
            there = again.get(file, ())
            text = io.StringIO(newline="")
            writer = csv.writer(text)
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                writer.writerow([name for name, _ in _COLUMNS])
            writer.writerows(row for row in rows if str(row[_UNIX_TIME]) not in there)
            with file.open("ab") as stream:
                stream.write(text.getvalue().encode("utf-8", "replace"))

    def _finish(self, file: Path) -> None:
        """Do what is to be done with a file when its test has ended."""
        self._growing.discard(file)
        self._seen.discard(file)
        if self._parquet and file.exists():
            _to_parquet(file, file.with_suffix(".parquet"))
            file.unlink()


def _row(row: Sequence[Any]) -> list[Any]:
    values = [row[place] for place in _PLACES]
    values[_UNIX_TIME] /= 1000.0
    return [" ".join(one.splitlines()) if isinstance(one, str) else one for one in values]


def _safe(name: str) -> str:
    """Return a name that can be a file's on every system, and another one for every other name."""
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name)


def _mend(file: Path) -> set[str]:
    """Cut a line off that was not written to its end, and return the times of the last rows."""
    if not file.exists():
        return set()
    with file.open("r+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        start = stream.seek(max(0, size - _TAIL))
        tail = stream.read()
        whole = tail.rfind(b"\n") + 1
        stream.truncate(start + whole)
    if start + whole == 0:
        file.unlink()
        return set()
    lines = tail[:whole].decode("utf-8", "replace").splitlines()[1:]
    return {row[_UNIX_TIME] for row in csv.reader(lines) if len(row) == len(_COLUMNS)}


def _need_pyarrow() -> None:
    try:
        import pyarrow  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        raise ConfigurationError('Parquet needs pyarrow: pip install "cti-toolkit[columns]"') from None


def _to_parquet(source: Path, target: Path) -> None:
    """Make Parquet of a CSV file, behind what the Parquet file has already."""
    import pyarrow as pa
    import pyarrow.compute  # type: ignore[import-untyped]
    import pyarrow.csv  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    types = {float: pa.float64(), int: pa.int64(), str: pa.string()}
    schema = pa.schema([(name, types[kind]) for name, kind in _COLUMNS])
    options = pa.csv.ConvertOptions(column_types=schema, strings_can_be_null=False)
    part = target.with_name(f"{target.name}.part")
    with pq.ParquetWriter(part, schema) as writer:
        there: list[Any] = []
        if target.exists():
            with pq.ParquetFile(target) as before:
                for batch in before.iter_batches():
                    writer.write_batch(batch)
                    there.append(batch.column(_UNIX_TIME))
        known = pa.concat_arrays(there) if there else pa.array([], pa.float64())
        with pa.csv.open_csv(source, convert_options=options) as rows:
            for batch in rows:
                again = pa.compute.is_in(batch.column(_UNIX_TIME), known)
                writer.write_batch(batch.filter(pa.compute.invert(again)))
    part.replace(target)
