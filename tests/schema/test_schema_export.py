"""The schema as data says everything that is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cti_schema import kinds as k
from cti_schema import versions
from cti_schema.derive.layout import inner_records
from cti_schema.derive.schema import enumerations, field, message, schema
from cti_schema.enumerations import Code
from cti_schema.errors import DeclarationError
from cti_schema.message import RecordSpec
from cti_schema.registry import registry

WHOLE = schema(registry())


def fields(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every field and item in these, however deep."""
    for entry in entries:
        yield entry
        inner = [entry[name] for name in ("item", "otherwise") if name in entry]
        yield from fields([*inner, *entry.get("cases", {}).values(), *entry.get("fields", [])])


def test_strict_json() -> None:
    assert json.loads(json.dumps(WHOLE, allow_nan=False)) == WHOLE


def test_every_message_and_every_field_is_there() -> None:
    assert [one["name"] for one in WHOLE["messages"]] == [one.spec.name for one in registry()]
    for declared, shown in zip(registry(), WHOLE["messages"], strict=True):
        spec = declared.spec
        assert (int(shown["code"], 16), shown["direction"]) == (spec.code, spec.direction.value)
        same_layout(spec, shown["fields"])
        assert shown.get("effect") == (spec.effect.value if spec.effect else None)
        assert shown.get("feedbacks", []) == [one.spec.name for one in spec.feedbacks]
        assert shown.get("echo", {}) == dict(spec.echo)
        assert shown.get("port") == spec.port
        assert shown.get("versions", "") == spec.versions


def same_layout(spec: RecordSpec, shown: list[dict[str, Any]]) -> None:
    assert [one["name"] for one in shown] == [kind.name for kind in spec.layout]
    for kind, entry in zip(spec.layout, shown, strict=True):
        assert (entry.get("unit", ""), entry.get("doc", "")) == (kind.unit, kind.doc)
        assert entry.get("secret", False) == kind.secret
        for record, inner in zip(inner_records(kind), records(entry), strict=True):
            same_layout(record, inner["fields"])


def records(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The records that a field is made of, without those inside them."""
    if "record" in entry:
        return [entry]
    inner = [entry["item"]] if "item" in entry else []
    inner += [*entry.get("cases", {}).values(), *([entry["otherwise"]] if "otherwise" in entry else [])]
    return [one for part in inner for one in records(part)]


def test_every_kind_is_handled() -> None:
    handled = {one["kind"] for shown in WHOLE["messages"] for one in fields(shown["fields"]) if "kind" in one}
    assert handled == {kind.__name__.lower() for kind in k.KINDS}

    class Strange(k.Kind):
        pass

    with pytest.raises(NotImplementedError, match=r"^here: the kind Strange"):
        field(Strange(), "here")


def test_every_enumeration_is_there_with_every_value() -> None:
    for name, enum in enumerations(registry()).items():
        shown = WHOLE["enums"][name]
        assert [(one["value"], one["name"]) for one in shown["values"]] == [
            (int(member), label.lower()) for label, member in enum.__members__.items()
        ]
        assert shown["flags"] == (not issubclass(enum, Code))
        if issubclass(enum, Code):
            assert [one.get("meaning", "") for one in shown["values"]] == [
                member.meaning for member in enum.__members__.values()
            ]
    used = {one["enum"] for shown in WHOLE["messages"] for one in fields(shown["fields"]) if "enum" in one}
    assert used <= set(WHOLE["enums"])
    assert len(WHOLE["enums"]) > len(used) > 40, "some enumerations are no field's"


def test_a_request() -> None:
    assert message(registry().by_name("set_meta_variable_feedback")) in WHOLE["messages"]
    start = message(registry().by_name("start_schedule"))
    assert {
        name: start[name] for name in ("name", "code", "direction", "effect", "echo", "feedbacks", "port")
    } == {
        "name": "start_schedule",
        "code": "0xBB320004",
        "direction": "request",
        "effect": "control",
        "echo": {"channel_index": "channel_indices"},
        "feedbacks": ["start_schedule_feedback"],
        "port": 9031,
    }
    assert start["answers"] == {
        "how": "per_channel",
        "text": "one feedback, or one per channel in channel_indices",
        "field": "channel_indices",
    }
    layout = [(one["name"], one["kind"], one.get("offset"), one.get("size")) for one in start["fields"]]
    assert layout == [
        ("test_name", "text", 20, 144),
        ("channel_count", "count", 164, 4),
        ("channel_indices", "array", 168, None),
    ]


def test_variants_and_versions() -> None:
    shown = {one["name"]: one for one in WHOLE["messages"]}["start_schedule_vls"]
    assert (shown["variant_of"], shown["when"]) == ("start_schedule", "variable_length")
    sets = {one["name"]: one for one in WHOLE["versions"]}
    assert list(sets) == [one.name for one in (*versions.TABLE, *versions.PREDICATES)]
    assert sets["variable_length"]["listed"] == sorted(versions.VARIABLE_LENGTH.listed)
    assert sets["json_bodies"]["older"] == []


def test_the_frame() -> None:
    assert WHOLE["frame"]["length"] == {
        "request": "size of the frame minus 12, in bytes",
        "feedback": "size of the frame minus 0, in bytes",
    }


def test_two_enumerations_of_one_name() -> None:
    other = k.Scalar("u8", enum=Code("StartResult", {"A": 1}))  # type: ignore[arg-type]
    declared = registry().by_name("start_schedule_feedback")
    fake = type("Fake", (), {"spec": RecordSpec("fake", (other,), "x")})
    with pytest.raises(DeclarationError, match="two enumerations are called StartResult"):
        enumerations([declared, fake])  # type: ignore[list-item]
