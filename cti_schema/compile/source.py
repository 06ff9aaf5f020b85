"""Python source that is being written: lines, and the constants that they use."""

from __future__ import annotations

import linecache
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cti_schema import kinds as k
from cti_schema.compile.form import Texts

#: Longest line of the written source, as far as it can be broken.
WIDTH = 100


class Source:
    """A module that is being written.

    Args:
        name: what it is, for the file name that tracebacks show.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        #: What the lines refer to, by name.
        self.space: dict[str, Any] = {}
        self._given: dict[str, str] = {}
        self._constants: dict[str, str] = {}
        self._lines: list[str] = []
        self._depth = 0
        self._functions: dict[str, list[str]] = {}

    def line(self, text: str) -> None:
        """Write one line."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a line that opens a block; what is written meanwhile stands inside."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def function(self, name: str, head: str) -> Iterator[bool]:
        """Write a function of its own in front of the others, once.

        What is yielded tells whether it is still to be written.
        """
        if name in self._functions:
            yield False
            return
        outer, self._lines = self._lines, []
        depth, self._depth = self._depth, 0
        self._functions[name] = self._lines
        with self.block(head):
            yield True
        self._lines, self._depth = outer, depth

    def doubt_if(self, condition: str) -> None:
        """Write that a condition means doubt."""
        with self.block(f"if {condition}:"):
            self.line("raise Doubt")

    def call(self, head: str, parts: list[str], tail: str = "", *, join: str = ", ") -> None:
        """Write a line of many parts in parentheses, broken where it is long."""
        rows = [""]
        for number, part in enumerate(parts):
            text = part if number == len(parts) - 1 else f"{part}{join}"
            if rows[-1] and len(rows[-1]) + len(text) + 4 * self._depth > WIDTH:
                rows.append("")
            rows[-1] += text
        if len(rows) == 1:
            self.line(f"{head}{rows[0] if join == ' + ' else f'({rows[0]})'}{tail}")
            return
        self.line(f"{head}(")
        for row in rows:
            self.line(f"    {row.rstrip()}")
        self.line(f"){tail}")

    def constant(self, prefix: str, expression: str, *, own: bool = False) -> str:
        """Return the name of a constant, which is written at the top of the module.

        Args:
            prefix: what its name begins with; a number follows.
            expression: its value.
            own: it is not shared with others of the same value.
        """
        for name, written in self._constants.items():
            if written == expression and name.startswith(prefix) and not own:
                return name
        name = f"{prefix}{sum(one.startswith(prefix) for one in self._constants)}"
        self._constants[name] = expression
        return name

    def zeros(self, length: int) -> str:
        """Return the name of so many zero bytes."""
        self._constants[f"ZEROS_{length}"] = f"bytes({length})"
        return f"ZEROS_{length}"

    def unpacker(self, format: str) -> str:
        """Return the name of the function that unpacks a little-endian format from an offset."""
        return self.constant("unpack_", f'Struct("<{format}").unpack_from')

    def packer(self, format: str) -> str:
        """Return the name of the function that packs a little-endian format."""
        return self.constant("pack_", f'Struct("<{format}").pack')

    def texts(self, texts: Texts) -> tuple[str, str]:
        """Return the names of the layout of texts, and of what is remembered of them."""
        rows, start = [], 0
        for kind in texts.kinds:
            stop = start + kind.size()
            rows.append(f'    ("{kind.name}", {start}, {stop}, "{kind.encoding}"),')
            start = stop
        layout = self.constant("TEXTS_", "\n".join(["(", *rows, ")"]))
        return layout, self.constant("memory_", "{}", own=True)

    def given(self, value: Any, comment: str, name: str) -> str:
        """Return a name for an object that the module is given, such as a class or a kind of field."""
        while self.space.get(name, value) is not value:
            name += "_"
        self.space[name] = value
        self._given[name] = comment
        return name

    def record(self, record: type[Any]) -> str:
        """Return the name of a record's class."""
        return self.given(record, f"{record.__module__}.{record.__qualname__}", record.__name__)

    def text(self) -> str:
        """Return the source."""
        given = [f"# {name}: {comment}" for name, comment in self._given.items()]
        constants = [f"{name} = {expression}" for name, expression in self._constants.items()]
        functions = [line for lines in self._functions.values() for line in ["", "", *lines]]
        return "\n".join([*given, *constants, *functions, "", "", *self._lines, ""])

    def run(self, imported: dict[str, Any]) -> dict[str, Any]:
        """Run the source, and return what it defines. Tracebacks show its lines.

        Args:
            imported: further names that the source uses.
        """
        text = self.text()
        file = f"<{self.name}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        space = {**imported, **self.space, "Struct": struct.Struct}
        exec(compile(text, file, "exec"), space)  # noqa: S102 - the text is made of declarations alone
        return space


def local(name: str, depth: int) -> str:
    """Return the local variable of a field, by the depth of its record."""
    return f"{'abcdefghijklmnop'[depth]}_{name}"


def is_number(kind: k.Kind) -> bool:
    """Tell whether a kind is a number without an enumeration."""
    return isinstance(kind, k.Scalar) and kind.enum is None
