"""Message objects made of parsed values, and taken apart again; what an exact re-encode needs goes along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from cti_schema import kinds as k
from cti_schema.message import Message, Record, same_value
from cti_schema.wire.json_body import read_leniently, write_body
from cti_schema.wire.report import Report

#: In front of the name of a JSON member that is not declared, among what is kept with a record: the
#: member may be called like anything else that is kept.
_MEMBER: Final = "member "


def make_record(report: Report, record: type[Any], values: dict[str, Any], prefix: str) -> Any:
    """Return the object of a layout from parsed values; the records in it are made already.

    Args:
        report: the report of the parse, with the leftovers.
        record: the class.
        values: the parsed values.
        prefix: the path in front of its fields.
    """
    made: Any = object.__new__(record)
    if record.spec.form == "json":
        for name in values.keys() - {kind.name for kind in record.spec.layout}:
            made._kept[f"{_MEMBER}{name}"] = (json.dumps(values[name]).encode(), None)
    leftovers = report.leftovers
    for kind in record.spec.layout:
        name = kind.name
        if name not in values:
            continue
        value = values[name]
        path = f"{prefix}{name}"
        if isinstance(kind, k.Reserved):
            if any(value):
                made._kept[name] = (value, None)
            continue
        if isinstance(kind, k.Count):
            assert kind.counted is not None
            counted = values.get(kind.counted.name)
            if path in leftovers or counted is None:
                length = None if counted is None else k.wire_length(kind.counted, counted)
                made._kept[name] = (kind.of.packer.pack(value), length)
            continue
        if isinstance(kind, k.Member):
            value = _member(kind.of, value, path, report)
        setattr(made, name, value)
        if leftovers:
            if path in leftovers:
                made._kept[name] = (leftovers[path], _snapshot(value))
            if isinstance(kind, k.Array) and isinstance(kind.item, k.PrefixedText):
                for index, item in enumerate(value):
                    if f"{path}[{index}]" in leftovers:
                        made._kept[f"{name}[{index}]"] = (leftovers[f"{path}[{index}]"], item)
    return made


def _snapshot(value: Any) -> Any:
    """Return a copy of what a caller might change in place."""
    return list(value) if isinstance(value, list) else None if isinstance(value, dict) else value


def _member(of: k.JsonType, value: Any, path: str, report: Report) -> Any:
    if isinstance(value, dict) and of.record is not None:
        return make_record(report, of.record, value, f"{path}.")
    if isinstance(value, list) and of.item is not None:
        return [_member(of.item, item, f"{path}[{index}]", report) for index, item in enumerate(value)]
    return value


def plain(message: Message) -> tuple[Any, dict[str, bytes]]:
    """Return the values of a message as dictionaries and lists, and its leftovers by path.

    Counts and lengths are among the values, reserved bytes only if they are not zero. Of a JSON body
    that is no object the root is returned, for example ``None``.
    """
    leftovers: dict[str, bytes] = {}
    values = _plain(message, "", leftovers)
    for name in ("surplus", "truncated", "truncated_at", "extended_code", "json"):
        if name in message._kept:
            leftovers[name] = message._kept[name][0]
    if "json" in leftovers and not values:
        # The body is no object: its root stands in the place of the fields.
        values, _ = read_leniently(message.spec.members, leftovers["json"])
        if values is None and leftovers["json"] == write_body((), None):
            del leftovers["json"]
    return values, leftovers


#: Classes of values that have nothing inside.
_SIMPLE: Final = frozenset({int, float, str, bytes})


def _plain(record: Record, prefix: str, leftovers: dict[str, bytes]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    kept = record._kept
    if record.spec.form == "json":
        values = {
            name.removeprefix(_MEMBER): json.loads(raw)
            for name, (raw, _) in kept.items()
            if name.startswith(_MEMBER)
        }
    for kind in record.spec.layout:
        name = kind.name
        if isinstance(kind, k.Reserved):
            if name in kept:
                values[name] = kept[name][0]
        elif isinstance(kind, k.Count):
            assert kind.counted is not None
            counted = getattr(record, kind.counted.name, k.MISSING)
            if counted is not k.MISSING:
                try:
                    length = k.wire_length(kind.counted, counted)
                except TypeError:
                    continue  # the field itself says what is wrong with it
                if name in kept and kept[name][1] == length:
                    values[name] = int(kind.of.packer.unpack(kept[name][0])[0])
                    leftovers[f"{prefix}{name}"] = kept[name][0]
                else:
                    values[name] = length
            elif name in kept:
                values[name] = int(kind.of.packer.unpack(kept[name][0])[0])
        elif kind.is_value:
            value = getattr(record, name, k.MISSING)
            if value is not k.MISSING:
                simple = value.__class__ in _SIMPLE
                values[name] = value if simple else _plain_value(value, f"{prefix}{name}", leftovers)
                if kept:
                    for key, raw in _still_valid(kept, name, value):
                        leftovers[f"{prefix}{key}"] = raw
    return values


def _still_valid(kept: dict[str, tuple[bytes, Any]], name: str, value: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the leftovers of a field whose value is what it was when they were kept."""
    for key, (raw, before) in kept.items():
        if key == name:
            if before is None or same_value(before, value):
                yield key, raw
        elif key.startswith(f"{name}["):
            index = int(key[len(name) + 1 : -1])
            if index < len(value) and value[index] == before:
                yield key, raw


def _plain_value(value: Any, path: str, leftovers: dict[str, bytes]) -> Any:
    if isinstance(value, Record):
        return _plain(value, f"{path}.", leftovers)
    if isinstance(value, list):
        return [_plain_value(item, f"{path}[{index}]", leftovers) for index, item in enumerate(value)]
    return value
