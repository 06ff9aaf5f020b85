"""A frame that is sent again and again with a few fields changed.

::

    prepared = Prepared(message)
    write = prepared.writer("channels[0].voltage_v", "channels[0].current_a")
    frame = write(3.71, 1.25)          # the prepared frame with these two values, and its checksum

Only the changed bytes are packed; what the others add to the checksum is known. A writer takes what `encode`
takes and refuses what `encode` refuses, with the same error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cti_schema import kinds as k
from cti_schema.compile.building_runs import Given, RunBuilder
from cti_schema.compile.form import Choice, Foreign, Form, Inside, Items, Run, Step, Words, form, referred
from cti_schema.compile.runtime import DOUBTS, NAMES
from cti_schema.compile.source import Source
from cti_schema.errors import UnknownNameError
from cti_schema.message import Message, Record
from cti_schema.wire import bson
from cti_schema.wire.codec import encode
from cti_schema.wire.frame import CHECKSUM, checksum
from cti_schema.wire.report import BODY_OFFSET

#: A writer takes the values of its fields in the order of their paths, and returns a frame.
Writer = Callable[..., bytes]


class _Place(NamedTuple):
    """Where a field of fixed size stands."""

    kind: k.Kind
    start: int
    owner: Record
    #: Other fields are not read otherwise when it changes.
    alone: bool

    @property
    def end(self) -> int:
        return self.start + (self.kind.size() or 0)


class Prepared:
    """A message whose frame is written many times with other values in some fields.

    Args:
        message: the message. It belongs to the prepared frame from now on: change it no more.

    Attributes:
        frame: the frame as it was prepared.

    Raises:
        EncodeError: the message cannot be encoded.
    """

    def __init__(self, message: Message) -> None:
        self.frame = encode(message)
        self._message = message
        walk = _Walk()
        spec = message.spec
        steps = form(spec.layout, spec.name) if spec.form == "binary" else ()
        end = walk.record(message, steps, "", BODY_OFFSET)
        self._places = walk.places
        #: Every byte is one of a declared field: nothing is kept from a frame that was not as declared.
        self._clean = end == len(self.frame) - CHECKSUM.size and not walk.kept
        self._writers: dict[tuple[str, ...], Writer] = {}

    @property
    def paths(self) -> list[str]:
        """The fields that can be changed: those of fixed size, like ``channels[0].voltage_v``."""
        return list(self._places)

    def patch(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> bytes:
        """Return the prepared frame with other values; it stays as it is itself.

        Args:
            values: new values by path.
            named: new values of the message's own fields.

        Raises:
            UnknownNameError: there is no such field, or its size is not fixed.
            EncodeError: a value does not fit its field.
        """
        changed = {**(values or {}), **named}
        paths = tuple(changed)
        write = self._writers.get(paths)
        if write is None:
            write = self._writers[paths] = self.writer(*paths)
        return write(*changed.values())

    def writer(self, *paths: str) -> Writer:
        """Return a function that takes the values of these fields and returns the frame with them.

        Raises:
            UnknownNameError: there is no such field, or its size is not fixed.
        """
        for path in paths:
            if path not in self._places:
                raise UnknownNameError("field of fixed size", path, self._places)

        def slowly(*values: Any) -> bytes:
            return self._encoded(paths, values)

        if not self._clean or not all(self._places[path].alone for path in paths):
            return slowly
        return self._compiled(paths, slowly)

    def _compiled(self, paths: tuple[str, ...], slowly: Writer) -> Writer:
        names = {path: f"value_{number}" for number, path in enumerate(paths)}
        source = Source(f"writer of {self._message.spec.name}")
        source.space |= {"checksum": checksum, "pack_checksum": CHECKSUM.pack}
        source.space |= {"slowly": slowly, "DOUBTS": DOUBTS}
        build = RunBuilder(source)
        groups, around = self._groups(paths)
        with source.block(f"def write({', '.join(names.values())}):"):
            source.line("parts = []")
            source.line("add = parts.append")
            with source.block("try:"):
                for group in groups:
                    givens = [Given(names[path], names[path], 0) for path in group]
                    build.run(Run(tuple(self._places[path].kind for path in group)), givens)
                source.line("pass")
            with source.block("except DOUBTS:"):
                source.line(f"return slowly({', '.join(names.values())})")
            between = [source.constant("BETWEEN_", repr(part), own=True) for part in around]
            joined = [between[0]]
            for number, name in enumerate(between[1:]):
                joined += [f"parts[{number}]", name]
            known = sum(map(checksum, around)) & 0xFFFF
            sums = [str(known), *(f"checksum(parts[{number}])" for number in range(len(groups)))]
            source.call("total = ", sums, join=" + ")
            source.call("return ", [*joined, "pack_checksum(total & 0xFFFF)"], join=" + ")
        write: Writer = source.run(NAMES)["write"]
        return write

    def _groups(self, paths: tuple[str, ...]) -> tuple[list[list[str]], list[bytes]]:
        """Return the paths in groups of neighbours, and the bytes of the frame around the groups."""
        groups: list[list[str]] = []
        around: list[bytes] = []
        end = 0
        kinds: set[int] = set()
        for path in sorted(set(paths), key=lambda path: self._places[path].start):
            place = self._places[path]
            if not groups or place.start != end or id(place.kind) in kinds:
                around.append(self.frame[end : place.start])
                groups.append([])
                kinds.clear()
            groups[-1].append(path)
            kinds.add(id(place.kind))
            end = place.end
        around.append(self.frame[end : -CHECKSUM.size])
        return groups, around

    def _encoded(self, paths: tuple[str, ...], values: tuple[Any, ...]) -> bytes:
        """Return the frame of the message with these values: `encode` decides whether it takes them."""
        before = []
        try:
            for path, value in zip(paths, values, strict=True):
                place = self._places[path]
                before.append((place.owner, place.kind.name, getattr(place.owner, place.kind.name)))
                setattr(place.owner, place.kind.name, value)
            return encode(self._message)
        finally:
            for owner, name, value in reversed(before):
                setattr(owner, name, value)


class _Walk:
    """Goes through a message as it stands in its frame, and notes where the fields are."""

    def __init__(self) -> None:
        self.places: dict[str, _Place] = {}
        self.kept = False

    def record(self, record: Record, steps: Form, prefix: str, start: int) -> int:
        """Note the fields of one record, and return where it ends."""
        self.kept = self.kept or bool(record._kept)
        others = referred(record.spec.layout)
        for step in steps:
            if isinstance(step, Run):
                for kind in step.kinds:
                    if isinstance(kind, (k.Scalar, k.Text, k.Data)):
                        self.places[prefix + kind.name] = _Place(kind, start, record, id(kind) not in others)
                    start += kind.size() or 0
            else:
                name = step.kind.name
                start = self.step(step, getattr(record, name), record, prefix + name, start)
        return start

    def step(self, step: Step, value: Any, record: Record, path: str, start: int) -> int:
        """Note the fields in a value, and return where it ends."""
        if isinstance(step, Choice):
            chooser = getattr(record, step.by.name)
            chosen = dict(step.cases).get(chooser) if isinstance(chooser, int) else None
            return self.step(chosen or step.otherwise, value, record, path, start)
        if isinstance(step, Inside):
            return self.record(value, step.form, f"{path}.", start)
        if isinstance(step, Items):
            for index, item in enumerate(value):
                start = self.step(step.item, item, record, f"{path}[{index}]", start)
            return start
        if isinstance(step, Run):
            return start + step.size
        if isinstance(step, Words):
            return start + _text_size(step.kind, value)
        return start + len(bson.encode(value) if isinstance(step, Foreign) else value)


def _text_size(kind: k.CountedText | k.ZText | k.PrefixedText, text: str) -> int:
    """Return how many bytes a text has in the frame."""
    size = k.text_length(text, kind.encoding) * k.unit_size(kind.encoding)
    if isinstance(kind, k.PrefixedText):
        return kind.prefix.size() + size + 1
    if isinstance(kind, k.ZText):
        return size + 1 if text or kind.present_if is None else 0
    return size
