"""The channel readings of captures for `cti export`: file by file, or several files at the same time."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, redirect_stderr
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Final

import click

#: From so many bytes on it pays to import what reads many frames at once.
_LARGE: Final = 8 << 20


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        condition: a filter as in `cti dump`.
        channels: numbers of channels; ``None`` for all.
        port: only connections with this port.
        arrow: record batches instead of rows.
    """

    condition: str | None = None
    channels: frozenset[int] | None = None
    port: int | None = None
    arrow: bool = False

    def in_bulk(self, file: str) -> bool:
        """Tell whether a file can be read many frames at a time."""
        if self.condition is not None or self.port is not None or file == "-" or not Path(file).is_file():
            return False
        if find_spec("pyarrow") is None or find_spec("numpy") is None:
            return False
        from cti_client.capture import sniff

        with open(file, "rb") as stream:
            return sniff(stream.read(4)) != "other"


def readings(files: list[str], wanted: Wanted, jobs: int) -> Iterator[Any]:
    """Yield the rows, or the record batches, of all files in their order.

    Args:
        files: their paths.
        wanted: what is asked for.
        jobs: so many processes read at the same time.
    """
    if jobs == 1 or len(files) == 1:
        for file in files:
            yield from _of_file(file, wanted)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    left = deque(files)
    with ProcessPoolExecutor(min(jobs, len(files)), multiprocessing.get_context("spawn")) as pool:
        # Few are ahead of the one that is written: what they have found waits in memory.
        running = deque(pool.submit(_all_of, left.popleft(), wanted) for _ in range(min(jobs, len(files))))
        try:
            while running:
                found, notes = running.popleft().result()
                if left:
                    running.append(pool.submit(_all_of, left.popleft(), wanted))
                click.echo(notes, err=True, nl=False)
                yield from found
        finally:
            for one in running:
                one.cancel()


def _all_of(file: str, wanted: Wanted) -> tuple[list[Any], str]:
    """Return all readings of a file, and what is to be told about it."""
    notes = StringIO()
    with redirect_stderr(notes):
        found = list(_of_file(file, wanted))
    return found, notes.getvalue()


def _of_file(file: str, wanted: Wanted) -> Iterable[Any]:
    if wanted.arrow or (wanted.in_bulk(file) and Path(file).stat().st_size >= _LARGE):
        return _in_bulk(file, wanted)
    return _one_by_one(file, wanted)


def _one_by_one(file: str, wanted: Wanted) -> Generator[tuple[Any, ...], None, None]:
    from cti_client.cli._entries import entries_of
    from cti_client.dump.filters import parse
    from cti_client.dump.readings_table import COLUMNS, rows
    from cti_client.dump.selection import passes

    accepts = None if wanted.condition is None else parse(wanted.condition)
    place = [name for name, _, _ in COLUMNS].index("Channel")
    with closing(entries_of(file, port=wanted.port)) as entries:
        for row in rows(one for one in entries if accepts is None or passes(one, accepts)):
            if wanted.channels is None or row[place] in wanted.channels:
                yield row


def _in_bulk(file: str, wanted: Wanted) -> Iterator[Any]:
    from cti_client.capture.arrow import ReadingBatches
    from cti_client.dump.readings_columns import batches

    found = ReadingBatches(file)
    for batch in batches(found):
        if wanted.channels is not None:
            batch = batch.filter(
                [channel in wanted.channels for channel in batch.column("Channel").to_pylist()]
            )
        if wanted.arrow:
            yield batch
        else:
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    if not found.frames:
        # There is nothing in it: say so, as it is said everywhere.
        yield from _one_by_one(file, wanted)
    for note in found.notes:
        print(f"Note: {file}: {note}", file=sys.stderr)
