"""A value that does not fit is refused with its path, the limit and its size; nothing is cut."""

from __future__ import annotations

import re
import struct
from typing import Any

import pytest

from cti_schema import encode
from cti_schema import fields as f
from cti_schema.declare import Feedback, Message, Record, feedback, record
from cti_schema.derive.defaults import default
from cti_schema.derive.jsonform import encode_json
from cti_schema.errors import EncodeError, UnknownNameError
from cti_schema.messages.apply_udp_communication import ApplyUdpCommunication
from cti_schema.messages.assign_file import AssignFile
from cti_schema.messages.assign_schedule import AssignSchedule
from cti_schema.messages.check_file_ex import CheckFileEx
from cti_schema.messages.custom_callback import CustomCallback
from cti_schema.messages.get_channels_info import Channel, GetChannelsInfoFeedback
from cti_schema.messages.get_start_data import GetStartDataFeedback
from cti_schema.messages.get_t_chamber_mapping import ChamberGroup, GetTChamberMappingFeedback
from cti_schema.messages.login import Login
from cti_schema.messages.login_json import LoginJson
from cti_schema.messages.new_folder import NewFolder
from cti_schema.messages.set_meta_variables_time_sensitive import (
    ChannelOrder,
    SetMetaVariablesTimeSensitive,
    Slot,
)
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.start_schedule_advanced import Channel as AdvancedChannel
from cti_schema.messages.start_schedule_advanced import StartScheduleAdvanced
from cti_schema.messages.update_meta_variables import NewValue, UpdateMetaVariables
from cti_schema.parts import BmsValue, SmbValue
from cti_schema.registry import messages
from cti_schema.wire import report
from cti_schema.wire.codec import inspect

HUGE = 10**5000


def refused(message: Message, path: str, reason: str) -> None:
    with pytest.raises(
        EncodeError, match=f"^{re.escape(f'{path}: {reason}' if path else reason)}$"
    ) as caught:
        encode(message)
    assert (caught.value.path, caught.value.reason) == (path, reason)


def start(**values: Any) -> StartSchedule:
    return StartSchedule(**{"test_name": "a", "channel_indices": [0], **values})


# Texts


def test_text_that_is_too_long() -> None:
    refused(start(test_name="x" * 73), "test_name", "the text has 73 units, the field 72")
    assert encode(start(test_name="x" * 72))[20:164] == "x".encode("utf-16-le") * 72


def test_characters_beyond_the_basic_plane_count_twice() -> None:
    refused(start(test_name="🔋" * 37), "test_name", "the text has 74 units, the field 72")
    refused(start(test_name="x" * 71 + "🔋"), "test_name", "the text has 73 units, the field 72")
    frame = encode(start(test_name="🔋" * 36))
    assert frame[20:164] == "🔋".encode("utf-16-le") * 36
    assert inspect(frame).message.test_name == "🔋" * 36  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["\ud83d", "a\udd0b", "\udd0b\ud83d"])
def test_lone_surrogate(text: str) -> None:
    where = 1 if text[0] == "a" else 0
    reason = f"the character {text[where]!a} at {where} cannot be written as utf-16-le"
    refused(start(test_name=text), "test_name", reason)


def test_nul_inside() -> None:
    reason = "the text holds a NUL character, at which it would be cut"
    refused(start(test_name="a\0b"), "test_name", reason)
    refused(Login(username="a\0", password=""), "username", reason)
    bms = BmsValue(index=0, value=1.0, unit="V\0")
    channel = default(Channel, bms=[bms])
    refused(GetChannelsInfoFeedback(channels=[channel]), "channels[0].bms[0].unit", reason)


def test_single_byte_texts() -> None:
    refused(
        Login(username="ü", password=""), "username", "the character '\\xfc' at 0 cannot be written as ascii"
    )
    refused(Login(username="u" * 33, password=""), "username", "the text has 33 units, the field 32")
    unit = default(Channel, bms=[BmsValue(index=0, value=1.0, unit="Ω")])
    reason = "the character '\\u03a9' at 0 cannot be written as latin-1"
    refused(GetChannelsInfoFeedback(channels=[unit]), "channels[0].bms[0].unit", reason)
    long = default(Channel, bms=[BmsValue(index=0, value=1.0, unit="x" * 513)])
    reason = "the text has 513 bytes, the limit is 512"
    refused(GetChannelsInfoFeedback(channels=[long]), "channels[0].bms[0].unit", reason)


def test_secret_is_not_in_the_error() -> None:
    with pytest.raises(EncodeError) as caught:
        encode(Login(username="u", password="hunter2" * 5))
    assert str(caught.value) == "password: the text has 35 units, the field 32"


def test_text_behind_its_length() -> None:
    channel = GetStartDataFeedback.spec.field("channels").item.record  # type: ignore[union-attr]
    steps = default(channel, steps=["ok", "x" * 513])
    refused(
        GetStartDataFeedback(channels=[steps]),
        "channels[0].steps[1]",
        "the text has 513 bytes, the limit is 512",
    )
    refused(
        GetStartDataFeedback(channels=[default(channel, test_names=["a", 5])]),
        "channels[0].test_names[1]", "a text is needed, not int 5",
    )  # fmt: skip


# Numbers


LIMITS = {
    "u8": (0, 255),
    "u16": (0, 65535),
    "u32": (0, 2**32 - 1),
    "u64": (0, 2**64 - 1),
    "i8": (-128, 127),
    "i16": (-(2**15), 2**15 - 1),
    "i32": (-(2**31), 2**31 - 1),
    "i64": (-(2**63), 2**63 - 1),
}


@pytest.mark.parametrize("type_name", LIMITS)
def test_integer_out_of_range(type_name: str) -> None:
    least, greatest = LIMITS[type_name]

    @feedback(0x7F000020)
    class Number(Feedback):
        """One number."""

        number: int = getattr(f, type_name)()

    for value in (least, greatest):
        assert encode(Number(number=value))[20:-2] == struct.pack(
            "<" + Number.spec.layout[0].packer.format[1:], value
        )  # type: ignore[attr-defined]
    for value in (least - 1, greatest + 1):
        refused(Number(number=value), "number", f"{value} is outside {least} to {greatest} ({type_name})")
    for wrong, shown in ((1.0, "float 1.0"), ("1", "str '1'"), (None, None), ([1], "list [1]")):
        reason = "a value is missing" if shown is None else f"an integer is needed, not {shown}"
        refused(Number(number=wrong), "number", reason)  # type: ignore[arg-type]


def test_float_out_of_range_and_of_a_wrong_type() -> None:
    @feedback(0x7F000021)
    class Floats(Feedback):
        """Two floats."""

        single: float = f.f32(default=0.0)
        double: float = f.f64(default=0.0)

    refused(Floats(single=1e300), "single", "1e+300 is beyond the range of f32")
    assert encode(Floats(double=1e300))[24:-2] == struct.pack("<d", 1e300)
    assert encode(Floats(single=float("inf")))[20:24] == bytes.fromhex("0000807f")
    refused(Floats(double=10**400), "double", f"{10**400} is beyond the range of f64")
    refused(Floats(single="1"), "single", "a number is needed, not str '1'")  # type: ignore[arg-type]


# Lists


def test_list_beyond_its_limit() -> None:
    def entries(count: int) -> UpdateMetaVariables:
        value = default(NewValue, channel_index=1, value=2.0)
        return UpdateMetaVariables(entries=[value] * count)

    refused(entries(161), "entries", "the list has 161 items, at most 160 are allowed")
    assert len(encode(entries(160))) == 20 + 20 + 8 * 160 + 2


def test_table_beyond_its_size() -> None:
    group = ChamberGroup(group_name="a", channels=[0] * 65)
    reason = "the list has 65 items, the table has 64 places"
    refused(GetTChamberMappingFeedback(groups=[group]), "groups[0].channels", reason)


def test_list_of_a_fixed_number() -> None:
    slot = default(Slot)
    message = SetMetaVariablesTimeSensitive(channels=[ChannelOrder(channel_index=0, slots=[slot] * 7)])
    refused(message, "channels[0].slots", "the list has 7 items, but the list always has 8")


def test_list_longer_than_its_count_can_say() -> None:
    channels = [default(Channel, bms=[default(BmsValue)] * 65536)]
    reason = "65536 is outside 0 to 65535 (u16)"
    refused(GetChannelsInfoFeedback(channels=channels), "channels[0].bms_count", reason)


def test_item_of_a_wrong_type() -> None:
    refused(start(channel_indices=[0, "1"]), "channel_indices[1]", "an integer is needed, not str '1'")
    refused(start(channel_indices=[0, 65536]), "channel_indices[1]", "65536 is outside 0 to 65535 (u16)")
    refused(start(channel_indices=5), "channel_indices", "a list is needed, not int 5")
    message = GetChannelsInfoFeedback(channels=["x"])  # type: ignore[list-item]
    refused(message, "channels[0]", "a channel is needed, not str 'x'")


def test_count_that_is_a_field_of_its_own() -> None:
    message = AssignFile(channel_count=3, file_name="a", file_type=0, channel_indices=[1])
    refused(message, "channel_indices", "the list has 1 items, but channel_count says 3")
    message = AssignFile(channel_count=3, file_name="a", file_type=0, for_all_channels=1, channel_indices=[1])
    reason = "the list is only sent while for_all_channels is 0; leave it empty"
    refused(message, "channel_indices", reason)
    message.channel_indices = []
    assert encode(message)[20:24] == b"\x03\0\0\0"


def test_count_that_disagrees_in_json() -> None:
    shape = {
        "message": "start_schedule",
        "fields": {"test_name": "a", "channel_count": 2, "channel_indices": [3]},
    }
    with pytest.raises(EncodeError, match=r"^channel_count: it says 2, but channel_indices has 1$"):
        encode_json(shape)
    shape["fields"]["channel_count"] = 1  # type: ignore[index]
    assert encode_json(shape) == encode(start(channel_indices=[3]))


# Other kinds


def test_bytes() -> None:
    check = CheckFileEx(file_name="a", md5=bytes(15))
    refused(check, "md5", "exactly 16 bytes are needed, not 15")
    check.md5 = "text"  # type: ignore[assignment]
    refused(check, "md5", "bytes are needed, not str 'text'")


def test_tagged_value() -> None:
    channel = default(Channel, smb=[SmbValue(index=0, value_type=0, value="text", unit="")])  # type: ignore[arg-type]
    reason = "a number is needed, not str 'text'"
    refused(GetChannelsInfoFeedback(channels=[channel]), "channels[0].smb[0].value", reason)
    channel.smb[0].value_type = 1  # type: ignore[assignment]
    channel.smb[0].value = 1.5
    reason = "a text is needed, not float 1.5"
    refused(GetChannelsInfoFeedback(channels=[channel]), "channels[0].smb[0].value", reason)


def test_bson_document() -> None:
    refused(CustomCallback(document={"a": 2**63}), "document", f"{2**63} has more than 64 bits")
    refused(CustomCallback(document={"a": {1, 2}}), "document", "a set has no type in BSON")
    refused(CustomCallback(document=[]), "document", "a document is needed, not list")  # type: ignore[arg-type]
    refused(CustomCallback(document={"a\0": 1}), "document", "'a\\x00' is no name")
    refused(CustomCallback(document={"a": "\ud800"}), "document", "'\\ud800' cannot be written as UTF-8")


def test_json_members() -> None:
    channel = AdvancedChannel(channel_index=2**31)
    reason = "2147483648 is outside -2147483648 to 2147483647 (i32)"
    refused(StartScheduleAdvanced(channels=[channel]), "channels[0].channel_index", reason)
    refused(StartScheduleAdvanced(channels=None), "channels", "a list is needed, not None")  # type: ignore[arg-type]
    refused(LoginJson(username=5), "username", "a text is needed, not 5")  # type: ignore[arg-type]
    refused(LoginJson(username="\ud800"), "", "the character '\\ud800' cannot be written as UTF-16")
    refused(StartScheduleAdvanced(task_id=True), "task_id", "a i64 is needed, not True")


# Shapes


SHAPE = {"message": "start_schedule", "fields": {"test_name": "a", "channel_indices": [3]}}


@pytest.mark.parametrize(
    ("shape", "error", "text"),
    [
        ([], EncodeError, "a JSON object is needed, not list"),
        ({}, EncodeError, "message: the name of the message is missing"),
        ({"message": "start_schedule"}, EncodeError, "fields: the fields are missing"),
        (
            {"message": "start_schedul"},
            UnknownNameError,
            "unknown message 'start_schedul'; did you mean 'start_schedule'?",
        ),
        (
            SHAPE | {"field": {}},
            UnknownNameError,
            "unknown member of a message 'field'; did you mean 'fields'?",
        ),
        (
            SHAPE | {"direction": "feedback"},
            EncodeError,
            "direction: start_schedule has the direction request, not feedback",
        ),
        (
            SHAPE | {"code": "0xBB320005"},
            EncodeError,
            "code: start_schedule has the code 0xBB320004, not 0xBB320005",
        ),
        (SHAPE | {"fields": []}, EncodeError, "fields: an object is needed, not list"),
        (
            SHAPE | {"fields": {"test_nam": ""}},
            UnknownNameError,
            "unknown field 'test_nam'; did you mean 'test_name'?",
        ),
        (SHAPE | {"fields": {"test_name": "a"}}, EncodeError, "channel_indices: a value is missing"),
        (SHAPE | {"leftovers": []}, EncodeError, "leftovers: an object of hex texts is needed"),
        (
            SHAPE | {"leftovers": {"surplus": "0"}},
            EncodeError,
            "leftovers.surplus: a hex text is needed, not '0'",
        ),
    ],
)
def test_shapes(shape: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        encode_json(shape)


def test_enumeration_by_name_in_json() -> None:
    shape = {
        "message": "start_schedule_feedback",
        "fields": {"channel_index": 3, "result": "channel_running", "reserved": "00" * 101},
    }
    assert encode_json(shape)[20:25] == b"\x03\0\0\0\x12"
    shape["fields"]["result"] = "channel_runing"  # type: ignore[index]
    with pytest.raises(
        UnknownNameError, match=r"unknown value of result 'channel_runing'; did you mean 'channel_running'"
    ):
        encode_json(shape)


def test_a_frame_that_is_longer_than_the_limit_is_written_as_it_came_but_not_changed() -> None:
    value = default(NewValue, channel_index=1, value=2.0)
    frame = encode(UpdateMetaVariables(entries=[value] * 160))
    body = (161).to_bytes(2, "little") + frame[22:-2] + frame[40:48]
    from cti_schema.wire.frame import build_frame

    longer = build_frame(UpdateMetaVariables.spec.code, body, UpdateMetaVariables.spec.direction)
    decoded = inspect(longer)
    assert decoded.problems == []
    assert encode(decoded.message) == longer
    decoded.message.entries.append(value)  # type: ignore[attr-defined]
    refused(decoded.message, "entries", "the list has 162 items, at most 160 are allowed")


def test_leftovers_go_with_their_value_only() -> None:
    frame = bytearray(encode(AssignSchedule(channel_index=0, schedule_name="abc")))
    frame[33:35] = b"Z\0"  # behind the NUL that ends the name
    from cti_schema.wire.frame import build_frame

    kept = build_frame(AssignSchedule.spec.code, bytes(frame[20:-2]), AssignSchedule.spec.direction)
    message = inspect(kept).message
    assert encode(message) == kept
    message.schedule_name = "abd"  # type: ignore[attr-defined]
    assert encode(message) == encode(AssignSchedule(channel_index=0, schedule_name="abd"))


@pytest.mark.parametrize("text", ["", "C", "Work", "Work\\Sub folder\\ä", "x" * 1022])
def test_the_path_of_a_new_folder_in_both_layouts(text: str) -> None:
    from cti_schema.wire.frame import build_frame

    as_library = NewFolder(folder_path=text)
    assert as_library.path == text
    assert encode(as_library)[20:24] == bytes(4)
    body = text.encode("utf-16-le").ljust(2048, b"\0")
    as_documents = inspect(build_frame(NewFolder.spec.code, body, NewFolder.spec.direction)).message
    assert isinstance(as_documents, NewFolder)
    assert as_documents.path == text
    with pytest.raises(AttributeError):
        as_documents.path = "other"  # type: ignore[misc]


def test_the_address_of_udp_is_four_bytes() -> None:
    message = ApplyUdpCommunication(udp_client_port=70000, udp_client_ip=bytes(4), entries=[])
    refused(message, "udp_client_port", "70000 is outside 0 to 65535 (u16)")
    message = ApplyUdpCommunication(udp_client_port=7000, udp_client_ip=b"\x7f\0\0", entries=[])
    refused(message, "udp_client_ip", "exactly 4 bytes are needed, not 3")


def test_errors_in_nested_records_of_a_record() -> None:
    @record
    class Inner(Record):
        """Inside."""

        number: int = f.u8()

    @record
    class Outer(Record):
        """Outside."""

        inner: Inner = f.record(Inner)

    @feedback(0x7F000022)
    class Whole(Feedback):
        """All of it."""

        outer: Outer = f.record(Outer)

    refused(Whole(outer=Outer(inner=Inner(number=256))), "outer.inner.number", "256 is outside 0 to 255 (u8)")
    refused(Whole(outer=Outer(inner=5)), "outer.inner", "a inner is needed, not int 5")  # type: ignore[arg-type]


def test_choosing_field_that_is_no_number() -> None:
    fields = {"result": [], "entry_count": 1, "entries": [{"name": "a"}]}
    with pytest.raises(EncodeError, match=r"^result: an integer is needed, not list \[\]$"):
        encode_json({"message": "browse_directory_feedback", "fields": fields})


@pytest.mark.parametrize("text", ["--1", "-", "", "1.5", "9" * 5000, "\u0663"])
def test_quoted_integers_that_are_none(text: str) -> None:
    fields = {"task_id": text}
    with pytest.raises(EncodeError, match=r"^task_id: a i64 is needed, not "):
        encode_json({"message": "get_mapping_aux", "fields": fields})


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.spec.name)
@pytest.mark.parametrize("value", [HUGE, -HUGE, [HUGE]], ids=["huge", "negative", "in a list"])
def test_integers_that_python_does_not_write(message: type[Message], value: Any) -> None:
    """An integer of more than 4300 digits cannot be made a text, not even that of an error."""
    for kind in message.spec.values:
        made: Any = default(message)
        setattr(made, kind.name, value)
        with pytest.raises(EncodeError):
            encode(made)
        shape = {
            "message": message.spec.name, "direction": str(message.spec.direction),
            "fields": {kind.name: value},
        }  # fmt: skip
        with pytest.raises(EncodeError):
            encode_json(shape)
    assert report.shown(value).endswith("integer of thousands of digits")
