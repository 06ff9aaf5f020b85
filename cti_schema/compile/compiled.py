"""The compiled functions of each message: written, compiled and kept when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cti_schema.compile.building import BuildWriter
from cti_schema.compile.parsing import ParseWriter
from cti_schema.compile.runtime import NAMES
from cti_schema.compile.source import Source
from cti_schema.message import Message
from cti_schema.wire.frame import frame_builder

#: ``parse(data, p, end, strict)`` returns the message whose body stands from ``p`` to ``end``.
Parse: TypeAlias = Callable[[bytes, int, int, bool], Message]
#: ``build(message)`` returns the frame.
Build: TypeAlias = Callable[[Any], bytes]


def _parser(message: type[Message]) -> Source:
    source = Source(f"parser of {message.spec.name}")
    if message.spec.form == "json":
        name = source.record(message)
        with source.block("def parse(data, p, end, strict):"):
            source.line(f"return read_json({name}, data[p:end], strict)")
    else:
        ParseWriter(source).message(message)
    return source


def _builder(message: type[Message]) -> Source:
    source = Source(f"builder of {message.spec.name}")
    if message.spec.form == "json":
        with source.block("def build(o):"):
            framed = source.given(
                frame_builder(message.spec.code, message.spec.direction),
                "puts the frame around a body",
                "framed",
            )
            source.line(f"return {framed}(write_json(o))")
    else:
        BuildWriter(source).message(message)
    return source


class _Parsers(dict[type[Message], Parse]):
    def __missing__(self, message: type[Message]) -> Parse:
        made: Parse = _parser(message).run(NAMES)["parse"]
        self[message] = made
        return made


class _Builders(dict[type[Message], Build]):
    def __missing__(self, message: type[Message]) -> Build:
        made: Build = _builder(message).run(NAMES)["build"]
        self[message] = made
        return made


#: The parser of each message; made when it is first looked up.
PARSERS = _Parsers()
#: The builder of each message; made when it is first looked up.
BUILDERS = _Builders()


def source(message: type[Message]) -> str:
    """Return the Python source of a message's parser and builder."""
    return f"{_parser(message).text()}\n\n{_builder(message).text()}"
