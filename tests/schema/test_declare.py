"""Every rule of the declaration language is checked while a declaration is read, and says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from cti_schema import fields as f
from cti_schema import kinds as k
from cti_schema.declare import (
    CONTROL,
    QUERY,
    RESERVED_NAMES,
    Direction,
    Feedback,
    Message,
    Part,
    Record,
    Request,
    feedback,
    part,
    record,
    request,
    snake_case,
)
from cti_schema.errors import DeclarationError
from cti_schema.registry import Registry
from cti_schema.wire.codec import decode, encode


@feedback(0x7F000001)
class Answer(Feedback):
    """An answer."""

    channel_index: int = f.i32(doc="zero-based channel")


def annotated(name: str, annotation: Any = int) -> dict[str, Any]:
    return {"__annotations__": {name: annotation}}


def declare(decorator: Callable[[Any], Any], base: type, **body: Any) -> Any:
    """Declare a class ``Odd`` with that body; names without a value in ``values`` are not annotated."""
    annotations = {name: int for name, kind in body.items() if isinstance(kind, k.Kind) and kind.is_value}
    namespace = {"__doc__": "An odd thing.", "__annotations__": annotations, **body}
    made = type(base)("Odd", (base,), namespace)
    for name, kind in body.items():
        if isinstance(kind, k.Kind):
            kind.__set_name__(made, name)
    return decorator(made)


def of_request(**body: Any) -> Any:
    namespace = {"__orig_bases__": (Request[Answer],)}
    return declare(request(0x7F000002, effect=CONTROL), Request, **namespace, **body)


def of_feedback(**body: Any) -> Any:
    return declare(feedback(0x7F000003), Feedback, **body)


def fails(message: str, action: Callable[[], Any]) -> None:
    with pytest.raises(DeclarationError, match=f"^{re.escape(message)}$"):
        action()


def test_the_helpers_declare_what_is_right() -> None:
    made = of_feedback(number=f.u16(doc="a number"), reserved=f.reserved(2))
    assert encode(made(number=258))[20:-2] == b"\x02\x01\x00\x00"
    assert made.spec.name == "odd"
    assert of_request(number=f.u8()).spec.feedbacks == (Answer,)


def test_missing_annotation() -> None:
    fails(
        "Odd.number: a field with a value needs an annotation, like `number: int`",
        lambda: of_feedback(number=f.u8(), __annotations__={}),
    )


def test_annotated_reserved() -> None:
    fails(
        "Odd.reserved: a count, length, reserved or surplus field has no annotation",
        lambda: of_feedback(reserved=f.reserved(4), **annotated("reserved", bytes)),
    )


def test_annotation_without_a_kind() -> None:
    fails("Odd.number: the field has no kind", lambda: of_feedback(**annotated("number")))


def test_value_that_is_no_kind() -> None:
    fails(
        "Odd.number: 5 is no field of a known kind (see cti_schema.fields)",
        lambda: of_feedback(number=5, **annotated("number")),
    )


def test_unknown_kind() -> None:
    @dataclass(eq=False)
    class Bitfield(k.Kind):
        """A kind of somebody's own."""

    fails(
        "Odd.bits: Bitfield is not one of the kinds of fields",
        lambda: of_feedback(bits=Bitfield(), **annotated("bits")),
    )


def test_kind_derived_from_a_known_one() -> None:
    class Wide(k.Scalar):
        """Derivations look at the class itself, so this one is unknown too."""

    fails("Odd.bits: Wide is not one of the kinds of fields", lambda: of_feedback(bits=Wide("u8")))


def test_missing_docstring() -> None:
    fails("Odd: a docstring must say what it is", lambda: of_feedback(number=f.u8(), __doc__=None))
    fails("Odd: a docstring must say what it is", lambda: declare(record, Record, number=f.u8(), __doc__=""))


def test_code_that_is_no_32_bit_number() -> None:
    fails(
        "Odd: the code 0x100000000 is no 32-bit number",
        lambda: declare(feedback(2**32), Feedback, number=f.u8()),
    )
    fails("Odd: the code -0x1 is no 32-bit number", lambda: declare(feedback(-1), Feedback, number=f.u8()))


def test_request_without_a_feedback() -> None:
    fails(
        "Odd: derive it from Request[TheFeedbackThatAnswersIt]",
        lambda: declare(request(1, effect=QUERY), Request, number=f.u8()),
    )


def test_count_behind_its_list() -> None:
    count = f.count(f.u8)
    fails(
        "Odd.items: item_count must stand in front of it",
        lambda: of_feedback(items=f.array(f.u16, count), item_count=count, **annotated("items", list[int])),
    )


def test_condition_behind_its_list() -> None:
    flag, number = f.u8(), f.u8()
    fails(
        "Odd.items: flag must stand in front of it",
        lambda: of_feedback(number=number, items=f.array(f.u16, number, when=(flag, 1)), flag=flag),
    )


def test_length_behind_its_text() -> None:
    length = f.length(f.u8)
    fails(
        "Odd.text: size must stand in front of it",
        lambda: of_feedback(text=f.utf16_counted(length), size=length),
    )


def test_choosing_field_behind_its_variants() -> None:
    by = f.u8()
    fails(
        "Odd.value: by must stand in front of it",
        lambda: of_feedback(value=f.tagged(by, {1: f.u8()}, f.f32()), by=by),
    )


def test_count_of_another_message() -> None:
    stranger = f.count(f.u8)
    fails(
        "Odd.items: the field it needs must stand in front of it",
        lambda: of_feedback(items=f.array(f.u16, stranger)),
    )


def test_count_that_counts_nothing() -> None:
    fails(
        "Odd.item_count: no list, text or data is counted by it",
        lambda: of_feedback(item_count=f.count(f.u8), number=f.u8()),
    )


def test_surplus_that_is_not_last() -> None:
    fails(
        "Odd.surplus: only the last field may take what is left",
        lambda: of_feedback(surplus=f.surplus(148), number=f.u8()),
    )
    fails(
        "Odd.body: only the last field may take what is left",
        lambda: of_feedback(body=f.rest(), number=f.u8()),
    )


def test_list_of_nothing() -> None:
    @record
    class Nothing(Record):
        """Nothing at all."""

    @record
    class NothingMuch(Record):
        """Nothing, in another record."""

        inner: Nothing = f.record(Nothing)

    for item in (Nothing, NothingMuch, f.bytes_fixed(0)):
        count = f.count(f.u32)
        fails(
            "Odd.items: an item of a list must have at least one byte",
            lambda count=count, item=item: of_feedback(item_count=count, items=f.array(item, count)),  # type: ignore[misc]
        )


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_reserved_name(name: str) -> None:
    fails(
        f"Odd.{name}: the name {name!r} has a meaning of its own",
        lambda: of_feedback(**{name: f.u8()}),
    )


def test_json_members_beside_binary_fields() -> None:
    fails(
        "Odd: JSON members and binary fields do not mix",
        lambda: of_feedback(number=f.u8(), member=f.json_int("Member", "i32")),
    )


def declare_request(**options: Any) -> Any:
    number, channels = f.i32(), f.array(f.u16, 2)
    body = {"__orig_bases__": (Request[Answer],), "number": number, "channels": channels}
    return declare(request(0x7F000002, effect=CONTROL, **options), Request, **body)


def test_echo_to_a_missing_field() -> None:
    fails(
        "Odd: echo 'channel_index': the request has no field 'channel'",
        lambda: declare_request(echo={"channel_index": "channel"}),
    )
    fails(
        "Odd: echo: the feedback has no field 'channel'",
        lambda: declare_request(echo={"channel": "number"}),
    )
    assert declare_request(echo={"channel_index": "number"}).spec.echo == {"channel_index": "number"}


def test_answers_and_select_of_missing_fields() -> None:
    fails(
        "Odd: answers: the request has no field 'indices'",
        lambda: declare_request(answers=f.per_channel("indices")),
    )
    fails(
        "Odd: select: the request has no field 'version'",
        lambda: declare_request(select=("version", {1: Answer})),
    )


def test_fields_of_parts_come_first() -> None:
    @part
    class Head(Part):
        """First fields."""

        first: int = f.u8(doc="first")
        item_count = f.count(f.u8)

    @feedback(0x7F000004)
    class Whole(Head, Feedback):
        """A message."""

        items: list[int] = f.array(f.u8, Head.item_count, doc="items")

    assert [kind.name for kind in Whole.spec.layout] == ["first", "item_count", "items"]
    whole = Whole(first=1, items=[5, 6])
    assert encode(whole)[20:-2] == bytes([1, 2, 5, 6])
    assert whole.item_count == 2


def test_messages_are_slotted_and_compare_by_value() -> None:
    made = of_feedback(number=f.f32(), text=f.utf16(4, default="x"))
    assert made(number=float("nan")) == made(number=float("nan"))
    assert made(number=1.0) != made(number=1.0, text="y")
    assert made(number=1.0) != Answer(channel_index=1)
    assert repr(made(number=1.0)) == "Odd(number=1.0, text='x')"
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        made(1.0)
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'number'"):
        made()
    with pytest.raises(AttributeError):
        made(number=1.0).other = 5
    with pytest.raises(AttributeError, match="odd has no field 'other'"):
        _ = made(number=1.0).other
    with pytest.raises(TypeError, match="unhashable"):
        hash(made(number=1.0))


def test_secrets_are_not_in_the_representation() -> None:
    made = of_feedback(password=f.ascii(8, secret=True))
    assert repr(made(password="hunter2")) == "Odd(password=***)"


def test_lists_of_defaults_are_not_shared() -> None:
    made = of_feedback(flag=(flag := f.u8(default=1)), items=f.array(f.u8, flag, when=(flag, 1)))
    one, other = made(), made()
    one.items.append(5)
    assert other.items == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("StartScheduleFeedback", "start_schedule_feedback"),
        ("GetTChamberMapping", "get_t_chamber_mapping"),
        ("LoginJSON", "login_json"),
        ("CheckFileEx", "check_file_ex"),
    ],
)
def test_names_are_those_of_the_classes(name: str, expected: str) -> None:
    assert snake_case(name) == expected


# Rules between messages


def named(name: str, code: int = 0x7F000010, json: bool = False) -> type[Message]:
    body = {"member": f.json_int("Member", "i32")} if json else {"number": f.u8()}
    made = declare(feedback(code), Feedback, **body)
    object.__setattr__(made.spec, "name", name)
    return made  # type: ignore[no-any-return]


def test_duplicate_code_of_one_form_in_a_direction() -> None:
    registry = Registry()
    registry.add(named("first"))
    fails(
        "second: the feedback code 0x7F000010 with a binary body is first already",
        lambda: registry.add(named("second")),
    )
    registry.add(named("third", json=True))
    fails(
        "fourth: the feedback code 0x7F000010 with a json body is third already",
        lambda: registry.add(named("fourth", json=True)),
    )
    assert [one.spec.name for one in registry.candidates(Direction.FEEDBACK, 0x7F000010)] == [
        "first",
        "third",
    ]
    made = of_request(number=f.u8())
    object.__setattr__(made.spec, "code", 0x7F000010)
    registry.add(made)  # the other direction is no duplicate
    assert len(registry) == 3


def test_duplicate_name() -> None:
    registry = Registry()
    registry.add(named("first"))
    fails(
        f"{__name__}: a message called 'first' is there already",
        lambda: registry.add(named("first", 0x7F000011)),
    )
    fails(f"{__name__}: a message called 'unknown' is there already", lambda: registry.add(named("unknown")))


def test_modules_give_their_own_messages_only() -> None:
    module = ModuleType("borrowed")
    module.Answer = Answer  # type: ignore[attr-defined]
    registry = Registry()
    registry.load_module(module)
    assert len(registry) == 0


def test_struct_is_a_construct() -> None:
    import construct

    made = of_feedback(count=(count := f.count(f.u8)), items=f.array(f.u16, count))
    assert isinstance(made.struct, construct.Struct)
    assert made.struct is made.struct
    parsed = made.struct.parse(b"\x02\x01\x00\x02\x00")
    assert (parsed["count"], parsed["items"]) == (2, [1, 2])
    assert made.struct.build({"items": [1, 2]}) == b"\x02\x01\x00\x02\x00"
    assert made.struct.build({"count": 2, "items": [1, 2]}) == b"\x02\x01\x00\x02\x00"


def test_declared_messages_decode_without_a_registry_of_their_own() -> None:
    # The code is in no registry: the frame is an unknown message, with its bytes.
    frame = encode(Answer(channel_index=3))
    assert decode(frame).spec.name == "unknown"
