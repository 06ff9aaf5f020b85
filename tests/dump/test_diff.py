"""What differs between two captures in meaning."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_client.capture import CaptureReader, CaptureWriter, Endpoint
from cti_client.dump.align import WINDOW, Spoken, Talk, aligned, talks
from cti_client.dump.conversation import Conversations
from cti_client.dump.diff import ABSENT, FieldDiffers, OnlyIn, differences, label
from cti_schema import Direction, Message, encode
from cti_schema.derive.defaults import default
from cti_schema.enums import StartResult
from cti_schema.messages.apply_udp_communication import ApplyUdpCommunication, WantedValue
from cti_schema.messages.browse_directory import (
    BrowseDirectoryFeedback,
    BrowseDirectoryResult,
    DirectoryEntry,
)
from cti_schema.messages.custom_callback import CustomCallback
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback
from cti_schema.messages.login import Login
from cti_schema.messages.login_json import LoginJson, LoginJsonFeedback
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from cti_schema.wire.frame import build_frame
from tests.cli.running import Run, run_fixture  # noqa: F401
from tests.dump.support import AT
from tests.effort import times

CLIENT, SERVER = Endpoint("192.0.2.1", 50000), Endpoint("192.0.2.2", 9031)


def frame_of(message: Message | bytes) -> bytes:
    return message if isinstance(message, bytes) else encode(message)


def capture(*said: Message | bytes, at: float = AT, client: Endpoint = CLIENT, cut: int = 0) -> bytes:
    """A capture of one conversation; a feedback comes from the server. Cut: into segments of that size."""
    stream = io.BytesIO()
    writer = CaptureWriter(stream)
    connection = writer.connection(client, SERVER, at)
    for number, one in enumerate(said):
        frame = frame_of(one)
        request = isinstance(one, bytes) or one.spec.direction is Direction.REQUEST
        send = connection.client_sent if request else connection.server_sent
        for start in range(0, len(frame), cut or len(frame)):
            send(frame[start : start + (cut or len(frame))], at + number)
    connection.close(at + len(said))
    return stream.getvalue()


def read(data: bytes) -> list[Talk]:
    conversations = Conversations()
    return talks(entry for event in CaptureReader(io.BytesIO(data)) for entry in conversations.feed(event))


def compared(first: bytes, second: bytes, *, secrets: bool = False) -> list[Any]:
    """What differs: (side, name) of a message, side of a conversation, (path, values) of a field."""
    found: list[Any] = []
    for one in differences(read(first), read(second), secrets=secrets):
        if isinstance(one, FieldDiffers):
            found.append((one.path, *one.values))
        elif one.message is None:
            found.append(one.side)
        else:
            found.append((one.side, one.message.name))
    return found


def info(index: int) -> GetChannelsInfo:
    return default(GetChannelsInfo, channel_index=index)


SERIAL, SERIAL_REPLY = GetSerialNumber(), default(GetSerialNumberFeedback, serial_number=7)
LOGIN = Login(username="ann", password="geheim")


def test_how_it_was_carried_does_not_matter() -> None:
    said = (LOGIN, SERIAL, SERIAL_REPLY)
    other = capture(*said, at=AT + 1000, client=Endpoint("2001:db8::7", 1234), cut=7)
    assert compared(capture(*said), other) == []


def test_a_field() -> None:
    first = capture(StartSchedule(test_name="a", channel_indices=[1, 2]), SERIAL)
    second = capture(StartSchedule(test_name="b", channel_indices=[1, 3]), SERIAL)
    (name, item) = differences(read(first), read(second))
    assert isinstance(name, FieldDiffers)
    assert isinstance(item, FieldDiffers)
    assert (name.path, name.values) == ("test_name", ("a", "b"))
    assert (item.path, item.values) == ("channel_indices[1]", (2, 3))
    assert [message.number for message in name.messages] == [1, 1]
    assert name.messages[0].name == "start_schedule"
    assert [talk.link.number for talk in name.talks if talk.link] == [1, 1]


def test_a_list_that_is_longer() -> None:
    first = capture(StartSchedule(test_name="a", channel_indices=[1]))
    second = capture(StartSchedule(test_name="a", channel_indices=[1, 5]))
    assert compared(first, second) == [("channel_count", 1, 2), ("channel_indices[1]", ABSENT, 5)]
    assert compared(second, first) == [("channel_count", 2, 1), ("channel_indices[1]", 5, ABSENT)]


def test_records_and_documents() -> None:
    def listing(size: int) -> BrowseDirectoryFeedback:
        entries = [default(DirectoryEntry, name="a"), default(DirectoryEntry, name="b", size=size)]
        result = BrowseDirectoryResult.DIRECTORY_SUCCESS
        return BrowseDirectoryFeedback(result=result, entry_count=2, entries=list(entries))

    assert compared(capture(SERIAL, listing(1)), capture(SERIAL, listing(2))) == [("entries[1].size", 1, 2)]
    one = CustomCallback(document={"Header": {"SN": 1}, "Data": [1, 2.5]})
    two = CustomCallback(document={"Header": {"SN": 1, "Type": "t"}, "Data": [1, 3.5]})
    assert compared(capture(one), capture(two)) == [
        ("document.Header.Type", ABSENT, "t"),
        ("document.Data[1]", 2.5, 3.5),
    ]


def test_bytes_without_a_meaning_do_not_matter() -> None:
    entries = [default(WantedValue)]
    plain = default(ApplyUdpCommunication, entries=entries)
    body = encode(plain)[20:-2]
    # Reserved bytes, and the surplus that the vendor's library sends.
    other = build_frame(plain.spec.code, body[:20] + b"\7" + body[21:] + bytes(148), Direction.REQUEST)
    assert compared(capture(plain), capture(other)) == []


def test_how_json_is_written_does_not_matter() -> None:
    def json_frame(text: str) -> bytes:
        raw = text.encode("utf-16-le")
        code = LoginJsonFeedback.spec.code
        return build_frame(code, (len(raw) // 2).to_bytes(4, "little") + raw, Direction.FEEDBACK)

    first = json_frame('{"Result":1,"ChannelNum":16,"Note":"a"}')
    second = json_frame('{ "Note" : "\\u0061", "ChannelNum":"16", "Result": 1 }')
    third = json_frame('{"Result":1,"ChannelNum":17,"Note":null}')
    # The second is told to have a number in quotes; that is something wrong with it, and no other meaning.
    assert [one for one in compared(capture(first), capture(second)) if one[0] != "problems"] == []
    assert compared(capture(first), capture(third)) == [("note", "a", None), ("channel_count", 16, 17)]


def test_not_a_number_is_one_value() -> None:
    one, two = (default(WantedValue, value=float("nan")) for _ in range(2))
    first = encode(default(ApplyUdpCommunication, entries=[one]))
    body = bytearray(encode(default(ApplyUdpCommunication, entries=[two]))[20:-2])
    body[-4:] = bytes.fromhex("0100a07f")
    second = build_frame(ApplyUdpCommunication.spec.code, bytes(body), Direction.REQUEST)
    assert first != second
    assert compared(capture(first), capture(second)) == []


def test_secrets_are_not_told() -> None:
    first, second = capture(LOGIN), capture(Login(username="ann", password="other"))
    assert compared(first, second) == [("password", "***", "***")]
    assert compared(first, second, secrets=True) == [("password", "geheim", "other")]
    first = capture(LoginJson(username="ann", password="geheim"))
    assert compared(first, capture(LoginJson(username="ann", password="other"))) == [
        ("password", "***", "***")
    ]


def test_what_is_wrong_with_a_frame_matters() -> None:
    frame = encode(SERIAL)
    wrong = frame[:-1] + bytes([frame[-1] ^ 1])
    assert compared(capture(frame), capture(wrong)) == [("problems", [], [{"kind": "checksum", "path": ""}])]


def test_messages_that_one_has_alone() -> None:
    first = capture(LOGIN, SERIAL, SERIAL_REPLY, info(1))
    second = capture(LOGIN, info(1), SERIAL)
    assert compared(first, second) == [
        (1, "get_channels_info"),
        (0, "get_serial_number_feedback"),
        (0, "get_channels_info"),
    ]
    assert compared(capture(LOGIN), capture(LOGIN)) == []
    assert compared(capture(LOGIN, SERIAL), capture(LOGIN)) == [(0, "get_serial_number")]
    assert compared(capture(LOGIN), capture(LOGIN, SERIAL)) == [(1, "get_serial_number")]


def test_a_request_that_was_left_out_does_not_shift_the_others() -> None:
    first = capture(*(info(index) for index in (1, 2, 3, 4, 5)))
    second = capture(*(info(index) for index in (1, 2, 4, 5)))
    assert compared(first, second) == [(0, "get_channels_info")]
    assert compared(second, first) == [(1, "get_channels_info")]
    other = capture(*(info(index) for index in (1, 2, 9, 4, 5)))
    assert compared(first, other) == [("channel_index", 3, 9)]


def test_unknown_commands_are_compared_by_code() -> None:
    one, two, three = (
        build_frame(code, body, Direction.REQUEST)
        for code, body in ((0x12345678, b"a"), (0x12345678, b"b"), (0x12345679, b"a"))
    )
    assert compared(capture(SERIAL, one), capture(SERIAL, two)) == [("body", "61", "62")]
    assert compared(capture(SERIAL, one), capture(SERIAL, three)) == [
        (0, "unknown 0x12345678"),
        (1, "unknown 0x12345679"),
    ]


def test_conversations() -> None:
    def several(count: int) -> bytes:
        stream = io.BytesIO()
        writer = CaptureWriter(stream)
        for number in range(count):
            connection = writer.connection(CLIENT._replace(port=5000 + number), SERVER, AT + number)
            connection.client_sent(encode(SERIAL), AT + number)
        return stream.getvalue()

    assert compared(several(2), several(2)) == []
    assert compared(several(3), several(1)) == [0, 0]
    (one,) = differences(read(several(1)), read(several(2)))
    assert isinstance(one, OnlyIn)
    assert (one.side, one.message, len(one.talk.spoken)) == (1, None, 1)


def test_nothing_in_common() -> None:
    def spoken(name: str, count: int) -> list[Spoken]:
        return [Spoken(number, name, Direction.REQUEST, b"") for number in range(count)]

    pairs = list(aligned(spoken("a", WINDOW + 10), spoken("b", 3)))
    assert sorted((left is None, right is None) for left, right in pairs) == [
        *[(False, True)] * (WINDOW + 10),
        *[(True, False)] * 3,
    ]


_KEYS = st.lists(st.sampled_from("abc"), max_size=30)


@settings(max_examples=times(50), deadline=None)
@given(_KEYS, _KEYS)
def test_every_message_is_told_once_and_in_order(first: list[str], second: list[str]) -> None:
    sides = [
        [Spoken(at, name, Direction.REQUEST, bytes([at % 3])) for at, name in enumerate(names)]
        for names in (first, second)
    ]
    pairs = list(aligned(*sides))
    assert [left for left, _ in pairs if left is not None] == sides[0]
    assert [right for _, right in pairs if right is not None] == sides[1]
    assert all(left.key == right.key for left, right in pairs if left is not None and right is not None)
    assert all(pair != (None, None) for pair in pairs)
    if first == second:
        assert all(left is not None and right is not None for left, right in aligned(sides[0], sides[0]))


def test_labels() -> None:
    (talk,) = read(capture(SERIAL, default(StartScheduleFeedback, result=StartResult.CHANNEL_RUNNING)))
    message = talk.spoken[1]
    assert label(message, "result", 0) == "success"
    assert label(message, "result", 999) == ""
    assert label(message, "channel_index", 0) == ""
    assert label(message, "result", "text") == ""
    assert label(message, "no.such[3].field", 0) == ""
    listing = Spoken(1, "browse_directory_feedback", Direction.FEEDBACK, b"")
    assert label(listing, "entries[3].entry_type", 1) == "file"
    assert label(Spoken(1, "login_json_feedback", Direction.FEEDBACK, b""), "result", 1) == "success"
    assert label(Spoken(1, "unknown 0x00000001", Direction.FEEDBACK, b""), "body", 1) == ""


# --- the command -----------------------------------------------------------------------------------


def files(folder: Path, first: bytes, second: bytes) -> tuple[Path, Path]:
    (folder / "a").write_bytes(first)
    (folder / "b").write_bytes(second)
    return folder / "a", folder / "b"


def test_the_command(run: Run, tmp_path: Path) -> None:
    failed = default(StartScheduleFeedback, channel_index=3, result=StartResult.CHANNEL_RUNNING)
    fine = default(StartScheduleFeedback, channel_index=3)
    start = StartSchedule(test_name="a", channel_indices=[3])
    a, b = files(tmp_path, capture(LOGIN, start, failed, SERIAL), capture(LOGIN, start, fine, info(0)))
    done = run("diff", a, b)
    number = int(StartResult.CHANNEL_RUNNING)
    assert done.code == 1
    assert done.lines == [
        "!     3 | 3  <- start_schedule_feedback",
        f"           result: {number} channel_running | 0 success",
        "-     4  -> get_serial_number",
        "+     4  -> get_channels_info",
    ]
    done = run("diff", "--json", a, b)
    assert done.code == 1
    assert done.lines == [
        '{"difference": "field", "connection": [1, 1], "frame": [3, 3], '
        '"message": "start_schedule_feedback", "direction": "feedback", '
        f'"path": "result", "a": {number}, "b": 0}}',
        '{"difference": "message", "only_in": "a", "connection": 1, "frame": 4, '
        '"message": "get_serial_number", "direction": "request"}',
        '{"difference": "message", "only_in": "b", "connection": 1, "frame": 4, '
        '"message": "get_channels_info", "direction": "request"}',
    ]
    same = run("diff", a, a)
    assert (same.code, same.text, same.err) == (0, "", "")


def test_the_command_with_trouble(run: Run, tmp_path: Path) -> None:
    a, b = files(tmp_path, capture(SERIAL), b"no capture")
    for arguments in ((a, b), (a, tmp_path / "none"), (tmp_path, a), ("-", "-"), (a,)):
        done = run("diff", *arguments)
        assert done.code == 2
        assert "Error: " in done.err
        assert done.text == ""
    b.write_bytes(capture(b"GET / HTTP/1.1\r\n\r\n"))
    assert run("diff", a, b).code == 2


def test_the_command_hides_secrets_and_controls(run: Run, tmp_path: Path) -> None:
    first = capture(LOGIN, StartSchedule(test_name="\x1b[2J" + "long" * 17, channel_indices=[]))
    second = capture(Login(username="ann", password="other"), StartSchedule(test_name="", channel_indices=[]))
    a, b = files(tmp_path, first, second)
    done = run("diff", a, b)
    assert done.code == 1
    assert "geheim" not in done.text
    assert "other" not in done.text
    assert "\x1b" not in done.text
    assert "... (" in done.text
    assert '"geheim" | "other"' in run("diff", "--show-secrets", a, b).text


def test_the_command_takes_frames(run: Run, tmp_path: Path) -> None:
    a, b = files(tmp_path, encode(SERIAL), encode(SERIAL).hex().encode())
    assert run("diff", a, b).code == 0
    assert run("diff", a, "-", stdin=encode(info(1))).code == 1


@pytest.mark.parametrize("name", ["vendor_client_real_feedbacks", "vendor_client_bad_emulator"])
def test_recorded_captures(name: str) -> None:
    source = Path(__file__).parents[3] / "shared" / "captures" / f"{name}.pcapng"
    if not source.is_file():
        pytest.skip("the recorded captures are not there")
    data = source.read_bytes()
    assert compared(data, data) == []
    (first, *_), (second, *_) = read(data), read(data)
    assert first.spoken == second.spoken
