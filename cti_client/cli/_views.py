"""The ways in which `cti dump` shows entries: text, JSON Lines, a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cti_client.dump.columns import DEFAULT, Columns, csv_line
from cti_client.dump.conversation import Entry, Heard, Unanswered
from cti_client.dump.hexview import hex_lines
from cti_client.dump.jsonlines import dumps, entry_json
from cti_client.dump.lines import connection_line, entry_line, safe
from cti_client.dump.treetext import HEADINGS, tree_lines
from cti_schema.derive.tree import tree

if TYPE_CHECKING:
    from cti_client.cli._output import Output
    from cti_client.dump.times import Times


#: Connections that are remembered as introduced; behind so many those that go on are introduced again.
_INTRODUCED = 100_000


class View(Protocol):
    """Shows entries."""

    def show(self, entries: Iterable[Entry | None], file: str | None) -> None:
        """Show the entries of a file; ``None`` among them stands between groups.

        Args:
            entries: what is shown.
            file: its name, where there are several.
        """


class TextView:
    """Entries as text, with a line for each new connection and each new day."""

    def __init__(self, out: Output, times: Times, secrets: bool, *, verbose: bool, as_hex: bool) -> None:
        self._out = out
        self._times = times
        self._secrets = secrets
        self._verbose = verbose
        self._hex = as_hex
        self._connections: set[int] = set()

    def show(self, entries: Iterable[Entry | None], file: str | None) -> None:
        """Show them as they come."""
        paint = self._out.paint
        if file is not None:
            self._connections.clear()
            self._out.line(paint("head", f"==> {file} <=="))
        for entry in entries:
            if entry is None:
                self._out.line(paint("side", "--"))
            else:
                self._entry(entry)

    def _entry(self, entry: Entry) -> None:
        out, paint = self._out, self._out.paint
        heading = "" if entry.time is None else self._times.heading(entry.time)
        if heading:
            out.line(paint("side", f"-- {heading}"))
        if entry.link is not None and entry.link.number not in self._connections:
            if len(self._connections) >= _INTRODUCED:
                self._connections.clear()
            self._connections.add(entry.link.number)
            out.line(paint("side", f"-- {connection_line(entry.link)}"))
        out.line(entry_line(entry, times=self._times, secrets=self._secrets, paint=paint))
        if not (self._verbose or self._hex) or not isinstance(entry, Heard):
            return
        nodes = tree(replace(entry.decoded, problems=entry.problems), secrets=self._secrets)
        if self._verbose:
            out.line(paint("side", HEADINGS))
            for line in tree_lines(nodes, paint=paint):
                out.line(line)
        if self._hex:
            for line in hex_lines(entry.decoded.frame, nodes, paint=paint):
                out.line(line)
        out.line("")


class JsonView:
    """Entries as JSON Lines. Requests without an answer have no line of their own unless it is asked for."""

    def __init__(self, out: Output, secrets: bool, *, unanswered: bool) -> None:
        self._out = out
        self._secrets = secrets
        self._unanswered = unanswered

    def show(self, entries: Iterable[Entry | None], file: str | None) -> None:
        """Show them as they come."""
        named = {} if file is None else {"file": file}
        for entry in entries:
            if entry is None or (isinstance(entry, Unanswered) and not self._unanswered):
                continue
            self._out.line(dumps(named | entry_json(entry, secrets=self._secrets), self._out.encoding))


class TableView:
    """Messages as rows: CSV with a line of names, or values with tabs between.

    Raises:
        UnknownNameError: there is no such field.
    """

    def __init__(self, out: Output, fields: Sequence[str], times: Times, secrets: bool, *, csv: bool) -> None:
        self._out = out
        self._csv = csv
        self._columns = Columns(fields or DEFAULT, times=times, secrets=secrets)
        self._headed = not csv

    def show(self, entries: Iterable[Entry | None], file: str | None) -> None:
        """Show the messages among them as they come; of several files with a column that tells which."""
        named = [] if file is None else [file]
        for entry in entries:
            if isinstance(entry, Heard):
                self._head(several=bool(named))
                row = [safe(cell) for cell in (*named, *self._columns.row(entry))]
                self._out.line(csv_line(row) if self._csv else "\t".join(row))
        self._head(several=bool(named))

    def _head(self, *, several: bool) -> None:
        if not self._headed:
            self._headed = True
            self._out.line(csv_line([*(["file"] if several else []), *self._columns.names]))
