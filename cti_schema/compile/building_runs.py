"""Writes how fields of fixed size are built: one call packs a whole run of them."""

from __future__ import annotations

from dataclasses import dataclass

from cti_schema import kinds as k
from cti_schema.compile.form import Run, Texts
from cti_schema.compile.source import Source, local


@dataclass(frozen=True)
class Given:
    """Where the value to be built comes from.

    Attributes:
        value: the expression that reads it.
        variable: the local variable that it may be put into.
        depth: of its record among records.
    """

    value: str
    variable: str
    depth: int


class RunBuilder:
    """Writes the building of runs.

    Attributes:
        source: where they are written to.
        referred: fields that others refer to, by identity.
        ready: fields that stand in their variables already, because their length was needed.
        index: the variable that tells records in a list apart.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.referred: set[int] = set()
        self.ready: set[int] = set()
        self.index = "0"

    def run(self, run: Run, givens: list[Given]) -> None:
        """Write fields of fixed size: one call packs them all."""
        self.check_floats(run, givens)
        values = self.values(run, givens)
        self.source.call(f"add({self.source.packer(run.format)}", values, ")")

    def values(self, run: Run, givens: list[Given]) -> list[str]:
        """Return the expressions of the values of a run as `struct` takes them."""
        by_kind = dict(zip(map(id, run.kinds), givens, strict=True))
        return [
            self._remembered([by_kind[id(kind)] for kind in part.kinds], part)
            if isinstance(part, Texts)
            else self._value(part, by_kind[id(part)])
            for part in run.parts
        ]

    def _remembered(self, givens: list[Given], texts: Texts) -> str:
        """Write texts that are encoded only when they are not those of the last time."""
        layout, memory = self.source.texts(texts)
        self.source.call("texts = ", [given.value for given in givens])
        self.source.line(f"remembered, raw_texts = {memory}.get({self.index}, NOTHING)")
        with self.source.block("if remembered != texts:"):
            self.source.line(f"raw_texts = write_texts(texts, {layout}, {memory}, {self.index})")
        return "raw_texts"

    def check_floats(self, run: Run, givens: list[Given]) -> None:
        """A sum tells whether all are floats or integers, and none is no number."""
        floats = [
            given
            for kind, given in zip(run.kinds, givens, strict=True)
            if isinstance(kind, k.Scalar) and kind.is_float
        ]
        if not floats:
            return
        for given in floats:
            if given.variable != given.value:
                self.source.line(f"{given.variable} = {given.value}")
        self.source.call("total = ", ["0.0", *(given.variable for given in floats)], join=" + ")
        with self.source.block("if total != total or total.__class__ is not float:"):
            for given in floats:
                self.source.line(f"{given.variable} = number({given.variable})")

    def _value(self, kind: k.Kind, given: Given) -> str:
        """Return the expression of a value as `struct` takes it."""
        line = self.source.line
        if isinstance(kind, k.Scalar):
            if kind.is_float:
                return given.variable
            if id(kind) in self.referred:
                line(f"{given.variable} = {given.value}")
                self.source.doubt_if(f"not isinstance({given.variable}, int)")
                return given.variable
            return given.value
        if isinstance(kind, k.Count):
            return local(kind.name, given.depth)
        if isinstance(kind, k.Text):
            if kind.encoding == "utf-16-le":
                return f"write_utf16({given.value}, {kind.size()})"
            return f'write_bytes({given.value}, "{kind.encoding}", {kind.size()})'
        if isinstance(kind, k.Reserved):
            return self.source.zeros(kind.length)
        if isinstance(kind, k.Data):
            self.measured(kind, given)
            self.source.doubt_if(f"len({given.variable}) != {kind.length}")
            return given.variable
        assert isinstance(kind, k.Table), kind  # the form puts nothing else into a run
        scalar = self.source.given(kind.item, "one item", f"ITEM_{kind.name.upper()}")
        self.measured(kind, given)
        self.source.doubt_if(f"len({given.variable}) > {kind.length}")
        return f"write_numbers({given.variable}, {scalar})"

    def measured(self, kind: k.Kind, given: Given) -> None:
        """Put a value whose length counts into its variable: a text as bytes, a list as it is."""
        if id(kind) in self.ready:
            return
        line = self.source.line
        if isinstance(kind, k.CountedText):
            write = "write_utf16_counted" if kind.encoding == "utf-16-le" else "write_latin1_counted"
            line(f"{given.variable} = {write}({given.value})")
        elif isinstance(kind, k.ZText):
            line(f"{given.variable} = write_z({given.value}, {kind.limit})")
        elif isinstance(kind, k.Data):
            line(f"{given.variable} = blob({given.value})")
        else:
            line(f"{given.variable} = {given.value}")
            self.source.doubt_if(f"{given.variable}.__class__ is not list")
