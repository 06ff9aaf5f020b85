"""Writes how fields of fixed size are parsed: one call unpacks a whole run of them."""

from __future__ import annotations

from dataclasses import dataclass

from cti_schema import kinds as k
from cti_schema.compile.form import Run, Texts
from cti_schema.compile.source import Source, is_number, local


@dataclass(frozen=True)
class Place:
    """Where a parsed value goes: to an attribute of a record, or to a local variable.

    Attributes:
        record: the variable with the record; none for an item of a list.
        name: of the attribute, or of the variable.
        depth: of the record among records.
        nobody: what keeps leftovers where there is no record.
    """

    record: str | None
    name: str
    depth: int
    nobody: str = "None"

    @property
    def target(self) -> str:
        return f"{self.record}.{self.name}" if self.record else self.name

    @property
    def keeper(self) -> str:
        """What the functions that keep leftovers are told."""
        return f'{self.record or self.nobody}, "{self.name}"'


class RunParser:
    """Writes the parsing of runs.

    Attributes:
        source: where they are written to.
        referred: fields that others refer to, by identity.
        index: the variable that tells records in a list apart.
        strict: what tells whether the decoder is strict.
        nobody: what keeps the leftovers of a value without a record.
    """

    strict = "strict"
    nobody = "None"

    def __init__(self, source: Source) -> None:
        self.source = source
        self.referred: set[int] = set()
        self.index = "0"

    def run(self, run: Run, places: list[Place], *, advance: bool = True) -> None:
        """Write fields of fixed size: one call unpacks them all."""
        by_kind = dict(zip(map(id, run.kinds), places, strict=True))
        targets = []
        for part in run.parts:
            if isinstance(part, Texts):
                targets.append("raw_texts")
                continue
            place = by_kind[id(part)]
            direct = isinstance(part, k.Data) or (is_number(part) and id(part) not in self.referred)
            is_float = isinstance(part, k.Scalar) and part.is_float
            targets.append(place.target if direct and not is_float else variable(place))
        if len(targets) == 1:
            targets[0] += ","
        self.source.call("", targets, f" = {self.source.unpacker(run.format)}(data, p)")
        self._check_floats(run, places)
        for part in run.parts:
            if isinstance(part, Texts):
                self._remembered(part, by_kind[id(part.kinds[0])])
            else:
                self._assign(part, by_kind[id(part)])
        if advance:
            self.source.line(f"p += {run.size}")

    def _remembered(self, texts: Texts, place: Place) -> None:
        """Write texts that are decoded only when their bytes are not those of the last time."""
        layout, memory = self.source.texts(texts)
        self.source.line(f"remembered, texts = {memory}.get({self.index}, NOTHING)")
        with self.source.block("if remembered != raw_texts:"):
            known = f"{layout}, {place.record}, {memory}, {self.index}"
            self.source.line(f"texts = read_texts(raw_texts, {known})")
        self.source.call("", [f"{place.record}.{kind.name}" for kind in texts.kinds], " = texts")

    def _check_floats(self, run: Run, places: list[Place]) -> None:
        """A sum tells whether a float is no number; only then each is looked at."""
        floats = [
            (kind, variable(place))
            for kind, place in zip(run.kinds, places, strict=True)
            if isinstance(kind, k.Scalar) and kind.is_float
        ]
        if not floats:
            return
        total = floats[0][1]
        if len(floats) > 1:
            total = "total"
            self.source.call("total = ", [name for _, name in floats], join=" + ")
        with self.source.block(f"if {total} != {total}:"):
            for kind, name in floats:
                packer = self.source.constant("float_", f'Struct("<{k.SCALARS[kind.type]}")')
                self.source.line(f"{name} = real(data, p + {run.offset(kind)}, {packer})")

    def _assign(self, kind: k.Kind, place: Place) -> None:
        line = self.source.line
        name, target = variable(place), place.target
        if isinstance(kind, k.Scalar) and kind.enum is not None:
            enum = self.source.record(kind.enum)
            members = self.source.constant("member_", f"{enum}._value2member_map_.get")
            line(f"{target} = value = {members}({name})")
            with self.source.block("if value is None:"):
                line(f"{target} = listed({enum}, {name}, {self.strict})")
        elif isinstance(kind, k.Scalar):
            if kind.is_float or id(kind) in self.referred:
                line(f"{target} = {name}")
        elif isinstance(kind, k.Text):
            self.text(kind, name, place)
        elif isinstance(kind, k.Reserved):
            with self.source.block(f"if {name} != {self.source.zeros(kind.length)}:"):
                line(f'keep({place.record}, "{kind.name}", {name}, None)')
        elif isinstance(kind, k.Table):
            table = self.source.given(kind, "the table", kind.name.upper())
            used = local(kind.used.name, place.depth)
            line(f"{target} = read_table({name}, {used}, {table}, {place.keeper})")
        elif isinstance(kind, k.Count) and kind.of.type[0] == "i":
            self.source.doubt_if(f"{name} < 0")

    def text(self, kind: k.Text, raw: str, place: Place) -> None:
        """Write a text of fixed size, of which the bytes are in a variable."""
        line = self.source.line
        if kind.encoding == "utf-16-le":
            empty = self.source.zeros(kind.size())
            line(f'{place.target} = "" if {raw} == {empty} else read_utf16({raw}, {place.keeper})')
            return
        line(f'{place.target} = text = {raw}.rstrip(b"\\0").decode("{kind.encoding}")')
        with self.source.block('if "\\0" in text:'):
            line(f'{place.target} = read_bytes({raw}, "{kind.encoding}", {place.keeper})')


def variable(place: Place) -> str:
    """Return the variable for a value on its way to its place."""
    return local(place.name, place.depth) if place.record else f"{place.name}_raw"
