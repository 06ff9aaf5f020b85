"""A capture that is safe to share: nothing that must go is left, and everything else is as it was."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dpkt  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_client.capture import (
    CaptureReader,
    CaptureWriter,
    Chunk,
    Endpoint,
    Packet,
    Segment,
    Segments,
    read_packets,
)
from cti_client.capture.links import ACK, FIN, RST
from cti_client.capture.rewrite import PacketWriter, replace_payload
from cti_client.dump.conversation import Conversations, Heard
from cti_client.dump.redact import SHORTEST, Words, redact, texts
from cti_client.dump.scrub import Scrubbed, scrub
from cti_schema import Direction, Message, encode
from cti_schema.derive.defaults import default
from cti_schema.errors import CaptureError, InputError
from cti_schema.messages.assign_schedule import AssignSchedule
from cti_schema.messages.custom_callback import CustomCallback
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.login_json import LoginJson, LoginJsonFeedback
from cti_schema.messages.send_message import SendMessage
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.upload_file import UploadFile
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import build_frame
from tests.client.test_capture_support import (
    CLIENT,
    SERVER,
    Talk,
    block,
    enhanced,
    ethernet,
    interface,
    pcap,
    section,
)
from tests.dump.support import AT, LOGIN
from tests.effort import times
from tests.spoofer.helpers import vectors

USER, PASSWORD = "Ann.Zweig", "pa55 W0rd!"
MAIL, PHONE = "ann@example.org", "+49 555 1234"

FEEDBACK = default(
    LoginFeedback,
    serial_number="SN-1",
    note="ask Ann.Zweig",
    nickname="Zyklus-Gerät 電池",
    location="Labor Ünit 2",
    emergency_contact="Δ-Team +49 123",
    other_comments="none 🔋",
    email=MAIL,
    call=PHONE,
    itac=49,
    channel_count=16,
    picture=b"\x89PNG not really",
)


def forms(text: str) -> list[bytes]:
    """A text in every encoding that it may have in a file, in small letters."""
    return [text.encode(encoding).lower() for encoding in ("utf-8", "utf-16-le", "utf-16-be")]


def streams(data: bytes) -> bytes:
    """All bytes of all streams of a capture, each direction in one piece."""
    found: dict[Any, bytes] = {}
    for event in CaptureReader(io.BytesIO(data)):
        if isinstance(event, Chunk):
            found[event.connection, event.sender] = (
                found.get((event.connection, event.sender), b"") + event.data
            )
    return b"".join(found.values())


def nothing_left(data: bytes, *words: str) -> None:
    """Nothing of the words is in a file: neither in its bytes nor across its segments."""
    for place in (data.lower(), streams(data).lower()):
        for word in words:
            for form in forms(word):
                assert form not in place, word


def packets(data: bytes) -> list[Packet]:
    return list(read_packets(io.BytesIO(data)))


def messages(data: bytes) -> list[tuple[Message, list[str]]]:
    """The messages of a capture, each with the kinds of its problems."""
    conversations = Conversations()
    found = [entry for event in CaptureReader(io.BytesIO(data)) for entry in conversations.feed(event)]
    return [
        (entry.decoded.message, [problem.kind for problem in entry.decoded.problems])
        for entry in found
        if isinstance(entry, Heard)
    ]


def checksums_fit(data: bytes) -> None:
    """TCP's checksum of every packet, as dpkt works it out."""
    for packet in packets(data):
        at = {1: 14, 101: 0}[packet.linktype]
        size = int.from_bytes(packet.data[at + 2 : at + 4], "big")
        ip = dpkt.ip.IP(packet.data[at : at + size])
        found = ip.data.sum
        ip.sum = ip.data.sum = 0  # dpkt fills in what is zero
        assert dpkt.ip.IP(bytes(ip)).data.sum == found


class Run:
    """Scrubs the bytes of a capture."""

    def __init__(self, folder: Path) -> None:
        self.source, self.target = folder / "in.pcapng", folder / "out.pcapng"
        self.done = Scrubbed()

    def __call__(self, data: bytes) -> bytes:
        self.source.write_bytes(data)
        self.done = scrub(self.source, self.target)
        assert sorted(item.name for item in self.source.parent.iterdir()) == ["in.pcapng", "out.pcapng"]
        return self.target.read_bytes()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def capture(*sent: tuple[Endpoint, bytes]) -> bytes:
    """A capture of one connection in which these bytes were sent, each in a segment of its own."""
    stream = io.BytesIO()
    writer = CaptureWriter(stream)
    connection = writer.connection(CLIENT, SERVER, AT)
    for number, (sender, data) in enumerate(sent):
        (connection.client_sent if sender == CLIENT else connection.server_sent)(data, AT + number)
    connection.close(AT + len(sent))
    return stream.getvalue()


def asked(*requests: Message) -> bytes:
    return capture(*((CLIENT, encode(request)) for request in requests))


# --- fields ----------------------------------------------------------------------------------------


def test_a_login_and_its_answer(run: Run) -> None:
    request, plain = encode(Login(username=USER, password=PASSWORD)), encode(GetSerialNumber())
    out = run(capture((CLIENT, request), (SERVER, encode(FEEDBACK)), (CLIENT, plain)))
    nothing_left(out, USER, PASSWORD, MAIL, PHONE, "電池", "Labor", "Δ-Team", "none", "PNG")
    checksums_fit(out)
    (login, problems), (feedback, more), (serial, none) = messages(out)
    assert isinstance(login, Login)
    assert (login.username, login.password) == ("x" * len(USER), "x" * len(PASSWORD))
    assert isinstance(feedback, LoginFeedback)
    assert feedback.email == "x" * len(MAIL)
    assert feedback.call == "x" * len(PHONE)
    assert feedback.other_comments == "x" * 7  # code units, of which the last character has two
    assert (feedback.itac, feedback.picture) == (0, bytes(15))
    assert (feedback.serial_number, feedback.channel_count, feedback.version) == (
        "SN-1",
        16,
        FEEDBACK.version,
    )
    assert isinstance(serial, GetSerialNumber)
    assert problems == more == none == []
    assert (run.done.frames, run.done.fields, run.done.repeated) == (3, 11, 0)
    assert (run.done.unclear, run.done.left_out, run.done.notes) == (0, 0, [])


def test_everything_else_stays(run: Run) -> None:
    sent = ((CLIENT, encode(Login(username=USER, password=PASSWORD))), (CLIENT, encode(GetSerialNumber())))
    data = capture(*sent)
    out = run(data)
    old, new = packets(data), packets(out)
    assert run.done.packets == len(old) == len(new)
    for before, after in zip(old, new, strict=True):
        assert (before.timestamp, before.linktype) == (after.timestamp, after.linktype)
        assert len(before.data) == len(after.data)
    changed = [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    assert changed == [3]  # behind the handshake
    # Only the fields, the checksum of CTI and that of TCP.
    places = {at for at in range(len(old[3].data)) if old[3].data[at] != new[3].data[at]}
    fields = set(range(60, 60 + len(USER))) | set(range(92, 92 + len(PASSWORD)))
    assert fields <= places
    assert places - fields <= {36, 37, 124, 125}


@pytest.mark.parametrize("cut", [8, 20, 21, 30, 53, 60, 85])
def test_values_in_two_segments(run: Run, cut: int) -> None:
    frame = encode(Login(username=USER, password=PASSWORD))
    out = run(capture((CLIENT, frame[:cut]), (CLIENT, frame[cut:])))
    nothing_left(out, USER, PASSWORD)
    checksums_fit(out)
    ((login, problems),) = messages(out)
    assert (login, problems) == (Login(username="x" * 9, password="x" * 10), [])


def test_byte_by_byte(run: Run) -> None:
    frame = encode(Login(username=USER, password=PASSWORD))
    out = run(capture(*((CLIENT, bytes([byte])) for byte in frame)))
    nothing_left(out, USER, PASSWORD)
    ((login, problems),) = messages(out)
    assert (login, problems) == (Login(username="x" * 9, password="x" * 10), [])


def test_json(run: Run) -> None:
    request = LoginJson(username='bertha "A" \u00e9 🔋', password='p\\"w\u20ac')
    feedback = default(LoginJsonFeedback, result=1, email=MAIL, itac=49, serial_number="SN-1", note=None)
    out = run(capture((CLIENT, encode(request)), (SERVER, encode(feedback))))
    nothing_left(out, 'p\\\\\\"w\u20ac', "bertha", MAIL)
    checksums_fit(out)
    (login, problems), (answer, none) = messages(out)
    assert problems == []
    assert isinstance(login, LoginJson)
    assert login.password == "x" * 7  # with the backslashes of JSON
    assert login.username is not None
    assert set(login.username) == {"x"}
    assert isinstance(answer, LoginJsonFeedback)
    assert (answer.email, answer.itac, answer.serial_number, answer.note) == ("x" * 15, 0, "SN-1", None)
    assert none == []


def json_frame(code: int, text: str, direction: Direction = Direction.REQUEST) -> bytes:
    raw = text.encode("utf-16-le")
    return build_frame(code, (len(raw) // 2).to_bytes(4, "little") + raw, direction)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"Username":"ann","password":"hidden"}', '{"Username":"xxx","password":"xxxxxx"}'),
        ('{ "Passwort" : {"a":["hidden",81,true]} }', '{ "Passwort" : {"x":["xxxxxx",0 ,true]} }'),
        ('{"Password":null,"Username":"\\u0041b"}', '{"Password":null,"Username":"xxxxxxx"}'),
        ('{"Password":"xxxx"}', '{"Password":"yyyy"}'),
        ('{"Password":12345}', '{"Password":0    }'),
        ("null", "null"),
        ('{"Password":"hidden"', "\0" * 20),
        ('["hidden"]', "\0" * 10),
        ("hidden", "\0" * 6),
    ],
)
def test_json_that_is_not_as_declared(text: str, left: str) -> None:
    frame = json_frame(LoginJson.spec.code, text)
    assert bytes(redact(frame, Words()))[24:-2].decode("utf-16-le") == left


def test_fields_at_their_limits(run: Run) -> None:
    full = Login(username="u" * 32, password="p" * 32)
    garbage = build_frame(
        Login.spec.code, b"ann\0leftover".ljust(32, b"z") + b"pw\0hidden".ljust(32, b"q"), Direction.REQUEST
    )
    surplus = build_frame(Login.spec.code, bytes(64) + b"behind it", Direction.REQUEST)
    out = run(capture((CLIENT, encode(full)), (CLIENT, garbage), (CLIENT, surplus)))
    nothing_left(out, "uuu", "ppp", "leftover", "hidden", "behind it", "zzz", "qqq")
    (first, _), (second, _), (third, problems) = messages(out)
    assert first == Login(username="x" * 32, password="x" * 32)
    assert second == Login(username="xxx", password="xx")
    assert third == Login(username="", password="")
    assert problems == ["surplus"]


def test_a_text_that_is_only_the_letter_that_stands_for_others() -> None:
    found = redact(encode(Login(username="xxx", password="x")), Words())
    assert inspect(found).message == Login(username="yyy", password="y")


# --- elsewhere -------------------------------------------------------------------------------------


def test_what_repeats_a_secret_elsewhere(run: Run) -> None:
    shout = PASSWORD.upper()
    requests: list[Message] = [
        StartSchedule(test_name=f"test of {USER}", channel_indices=[0]),  # before the login
        Login(username=USER, password=PASSWORD),
        default(AssignSchedule, schedule_name=f"{USER}.sdx", barcode=PASSWORD),
        SendMessage(message=f"1<-->{USER.lower()} has {shout}"),
        CustomCallback(document={"Header": {"SN": 1, "Type": USER}, "Data": {PASSWORD: [PASSWORD]}}),
        default(UploadFile, file_path=f"Work\\{USER}.sdx", data=f"by {USER}, {PASSWORD}".encode()),
        LoginJson(username=f"not {USER}", password="other"),
    ]
    out = run(asked(*requests))
    nothing_left(out, USER, PASSWORD)
    found = messages(out)
    assert [type(message) for message, _ in found] == [type(request) for request in requests]
    assert all(problems == [] for _, problems in found)
    assert isinstance(found[0][0], StartSchedule)
    assert found[0][0].test_name == "test of " + "x" * 9
    callback = found[4][0]
    assert isinstance(callback, CustomCallback)
    assert callback.document["Header"] == {"SN": 1, "Type": "x" * 9}
    assert run.done.repeated >= 9
    assert run.done.fields == 4


def test_of_another_connection(run: Run) -> None:
    stream = io.BytesIO()
    writer = CaptureWriter(stream)
    one = writer.connection(CLIENT, SERVER, AT)
    one.client_sent(encode(StartSchedule(test_name=USER, channel_indices=[])), AT + 1)
    two = writer.connection(Endpoint("192.0.2.77", 5), SERVER, AT + 2)
    two.client_sent(encode(Login(username=USER, password=PASSWORD)), AT + 3)
    nothing_left(run(stream.getvalue()), USER, PASSWORD)


def test_digits_stay_digits(run: Run) -> None:
    # In the text of a JSON body a user name of digits may well be a part of a number.
    feedback = json_frame(LoginJsonFeedback.spec.code, '{"Result":2,"ChannelNum":98712}', Direction.FEEDBACK)
    out = run(capture((CLIENT, encode(Login(username="987", password=""))), (SERVER, feedback)))
    _, (answer, problems) = messages(out)
    assert isinstance(answer, LoginJsonFeedback)
    assert (answer.channel_count, problems) == (11112, [])


def test_short_texts_are_not_looked_for(run: Run) -> None:
    start = StartSchedule(test_name="ab", channel_indices=[])
    out = run(asked(Login(username="ab", password="c"), start))
    (login, _), (same, _) = messages(out)
    assert login == Login(username="xx", password="x")
    assert same == start
    assert SHORTEST == 3
    assert len(Words(["ab", "", "  a "])) == 0


def test_a_run_of_one_character_says_nothing_about_a_person() -> None:
    assert list(texts(encode(default(LoginFeedback, note="00000000", email="aabbab")))) == []
    assert list(texts(encode(Login(username="000", password="0000")))) == ["0000"]


@pytest.mark.parametrize(
    ("form", "fill"),
    [
        ("Ünit 7".encode("utf-16-le"), "xxxxx1".encode("utf-16-le")),
        ("Ünit 7".encode("utf-16-be"), "xxxxx1".encode("utf-16-be")),
        ("ÜNIT 7".replace("Ü", "\u00dc").encode("latin-1"), b"xxxxx1"),
        ("Ünit 7".encode(), b"xxxxxxx"),
        (b"\\u00dcnit 7", b"xx11xxxxxx1"),
    ],
)
def test_words_in_every_form(form: bytes, fill: bytes) -> None:
    assert list(Words([" Ünit 7 "]).find(b"<<" + form + b">")) == [(2, fill)]


# --- what is not understood ------------------------------------------------------------------------


def test_an_unknown_command_keeps_its_code_only(run: Run) -> None:
    unknown = build_frame(0x12345678, b"who knows", Direction.REQUEST, 7)
    out = run(capture((CLIENT, encode(GetSerialNumber())), (CLIENT, unknown)))
    nothing_left(out, "who knows")
    _, (message, problems) = messages(out)
    assert message.body == bytes(9)  # type: ignore[attr-defined]
    assert problems == ["unknown_command"]


def test_bytes_of_no_frame(run: Run) -> None:
    plain = encode(GetSerialNumber())
    frame = encode(Login(username=USER, password=PASSWORD))
    # The end of a login whose beginning was not captured, rubbish, and a login that is cut off.
    out = run(capture((CLIENT, frame[40:] + plain + b"rubbish " + plain), (CLIENT, frame[:60])))
    nothing_left(out, USER, PASSWORD[:8], "rubbish")
    assert [type(message) for message, _ in messages(out)] == [GetSerialNumber, GetSerialNumber, Login]
    assert run.done.unclear == 46 + 8


def test_a_lying_length_hides_nothing(run: Run) -> None:
    frame = bytearray(encode(GetSerialNumber()))
    frame[8:12] = (len(frame) - 12 + 30).to_bytes(4, "little")
    out = run(capture((CLIENT, bytes(frame) + b"thirty bytes of something else"[:30]), (CLIENT, LOGIN)))
    nothing_left(out, "something else", "thirty", "s3cret")


def test_a_wrong_checksum_stays_wrong(run: Run) -> None:
    frame = bytearray(encode(Login(username=USER, password=PASSWORD)))
    frame[-2] ^= 1
    out = run(capture((CLIENT, bytes(frame)), (CLIENT, encode(GetSerialNumber()))))
    nothing_left(out, USER, PASSWORD)
    assert messages(out)[0] == (Login(username="x" * 9, password="x" * 10), ["checksum"])


# --- TCP as it is in life --------------------------------------------------------------------------


def packet_of(segment: Segment, *, trailer: bytes = b"", snap: int = 0) -> bytes:
    tcp = dpkt.tcp.TCP(
        sport=segment.source.port,
        dport=segment.destination.port,
        seq=segment.sequence,
        ack=segment.acknowledgment,
        flags=segment.flags,
        data=segment.payload,
    )
    hosts = (bytes(map(int, end.host.split("."))) for end in (segment.source, segment.destination))
    source, destination = hosts
    ip = dpkt.ip.IP(src=source, dst=destination, p=6, data=tcp)
    ip.len = len(ip)
    data = ethernet(bytes(ip)) + trailer
    return data[: len(data) - snap]


def ethernet_capture(segments: Iterable[Segment | bytes]) -> bytes:
    """A pcap of Ethernet packets, one second apart."""
    data = [one if isinstance(one, bytes) else packet_of(one) for one in segments]
    return pcap([(100 + number, 0, packet) for number, packet in enumerate(data)])


def pieces(talk: Talk, data: bytes, size: int = 11) -> list[Segment]:
    return [talk.segment(CLIENT, data[at : at + size]) for at in range(0, len(data), size)]


FRAME = encode(Login(username=USER, password=PASSWORD))


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2, 1], [0, 0, 1, 1, 2, 2], [0, 2, 1, 0, 2]])
def test_out_of_order_and_again(run: Run, order: list[int]) -> None:
    talk = Talk()
    head = talk.handshake()
    parts = pieces(talk, FRAME, 40)
    out = run(ethernet_capture([*head, *(parts[number] for number in order)]))
    nothing_left(out, USER, PASSWORD)
    checksums_fit(out)
    ((login, problems),) = messages(out)
    assert (login, problems) == (Login(username="x" * 9, password="x" * 10), [])
    assert run.done.packets == 3 + len(order)
    by_sequence: dict[int, set[bytes]] = {}
    for packet in packets(out):
        segment = Segments().segment(packet)
        assert segment is not None
        by_sequence.setdefault(segment.sequence, set()).add(segment.payload)
    assert all(len({data for data in found if data}) <= 1 for found in by_sequence.values())


def test_what_repeats_with_other_bytes_is_not_passed_on(run: Run) -> None:
    talk = Talk()
    head = talk.handshake()
    (part,) = pieces(talk, FRAME, 100)
    other = part._replace(payload=b"another secret".ljust(len(FRAME), b"!"))
    out = run(ethernet_capture([*head, part, other, *pieces(talk, encode(GetSerialNumber()), 500)]))
    nothing_left(out, USER, PASSWORD, "another secret")
    assert [type(message) for message, _ in messages(out)] == [Login, GetSerialNumber]
    assert run.done.unclear == len(FRAME)
    assert run.done.notes == ["TCP: 1 segments repeat bytes with other values; the first are used"]


def test_what_comes_too_late_is_not_passed_on(run: Run) -> None:
    """Bytes before the first captured ones, and those of a hole that was given up."""
    talk = Talk()
    early = talk.segment(CLIENT, FRAME)
    first = talk.segment(CLIENT, encode(GetSerialNumber()))
    out = run(ethernet_capture([first, early]))
    nothing_left(out, USER, PASSWORD)
    assert run.done.unclear == len(FRAME)
    talk = Talk()
    head = talk.handshake()
    missing = talk.segment(CLIENT, FRAME)
    later = talk.segment(CLIENT, encode(GetSerialNumber()))
    acknowledged = [talk.segment(SERVER, b"", ACK) for _ in range(4)]
    out = run(ethernet_capture([*head, later, *acknowledged, missing]))
    nothing_left(out, USER, PASSWORD)
    assert run.done.unclear == len(FRAME)


def test_a_lost_segment(run: Run) -> None:
    talk = Talk()
    head = talk.handshake()
    parts = pieces(talk, encode(GetSerialNumber()) + FRAME + encode(GetSerialNumber()), 30)
    out = run(ethernet_capture([*head, *parts[:1], *parts[2:]]))
    nothing_left(out, USER, PASSWORD, USER[4:], PASSWORD[3:])
    assert type(messages(out)[-1][0]) is GetSerialNumber


def test_packets_that_were_cut(run: Run) -> None:
    talk = Talk()
    head = talk.handshake()
    start = encode(StartSchedule(test_name=USER, channel_indices=[]))
    login, cut = talk.segment(CLIENT, FRAME), talk.segment(CLIENT, start)
    data = packet_of(cut, snap=20)
    out = run(ethernet_capture([*head, login, data]))
    nothing_left(out, USER, PASSWORD)
    whole = Segments().segment(packets(out)[-1])
    assert whole is not None
    assert (whole.missing, len(whole.payload)) == (20, len(start) - 20)
    # The checksum is right for the packet with the 20 bytes that were not captured: they are zeros.
    at = packets(out)[-1].data + start[-20:]
    ip = dpkt.ip.IP(at[14:])
    found = ip.data.sum
    ip.sum = ip.data.sum = 0
    assert dpkt.ip.IP(bytes(ip)).data.sum == found


def test_padding_and_the_text_of_a_reset(run: Run) -> None:
    talk = Talk()
    head = talk.handshake()
    login, plain = talk.segment(CLIENT, FRAME), talk.segment(CLIENT, encode(GetSerialNumber()))
    reset = talk.segment(SERVER, b"reset by Bob", RST | ACK)
    out = run(ethernet_capture([*head, login, packet_of(plain, trailer=b"in memory: Bob"), reset]))
    nothing_left(out, "Bob", USER)
    assert len(packets(out)) == 6


def test_other_traffic_is_left_out(run: Run) -> None:
    stream = io.BytesIO()
    writer = CaptureWriter(stream)
    web = writer.connection(CLIENT, Endpoint("192.0.2.9", 80), AT)
    web.client_sent(b"GET /secret HTTP/1.1\r\n\r\n", AT)
    cti = writer.connection(CLIENT, SERVER, AT)
    cti.client_sent(FRAME, AT)
    writer.packet(b"not IP at all", AT)
    out = run(stream.getvalue())
    nothing_left(out, "secret", USER, "at all")
    assert (run.done.packets, run.done.left_out) == (5, 6)


def test_comments_are_left_out(run: Run) -> None:
    talk = Talk()
    data = packet_of(talk.segment(CLIENT, FRAME))
    comment = b"\x01\x00\x0b\x00seen by Bob\x00" + bytes(4)
    out = run(section() + interface(1) + enhanced(data, 5, options=comment) + block(5, b"statistics of Bob"))
    nothing_left(out, "Bob", USER)
    assert len(packets(out)) == 1


def test_several_links_in_one_file(run: Run) -> None:
    talk = Talk()
    one, two = packet_of(talk.segment(CLIENT, FRAME)), packet_of(talk.segment(CLIENT, FRAME))
    out = run(section() + interface(1) + interface(101) + enhanced(one, 1) + enhanced(two[14:], 2, 1))
    nothing_left(out, USER, PASSWORD)
    assert [packet.linktype for packet in packets(out)] == [1, 101]
    assert len(messages(out)) == 2


def test_a_port_that_is_used_again(run: Run) -> None:
    first, second = Talk(1000), Talk(900_000)
    segments = [*first.handshake(), first.segment(CLIENT, FRAME), first.segment(CLIENT, b"", FIN | ACK)]
    segments += [first.segment(SERVER, b"", FIN | ACK), *second.handshake(), second.segment(CLIENT, FRAME)]
    out = run(ethernet_capture(segments))
    nothing_left(out, USER, PASSWORD)
    assert [type(message) for message, _ in messages(out)] == [Login, Login]


# --- files -----------------------------------------------------------------------------------------


def test_nothing_is_left_behind_when_it_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.source.write_bytes(asked(Login(username=USER, password=PASSWORD)))
    run.target.write_bytes(b"as it was")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PacketWriter, "write", full)
    with pytest.raises(OSError, match="No space left"):
        scrub(run.source, run.target)
    assert run.target.read_bytes() == b"as it was"
    assert sorted(item.name for item in run.source.parent.iterdir()) == ["in.pcapng", "out.pcapng"]


def test_what_cannot_be_scrubbed(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"no capture")
    with pytest.raises(CaptureError, match="no capture file"):
        scrub(source, target)
    source.write_bytes(capture((CLIENT, b"GET / HTTP/1.1\r\n\r\n")))
    with pytest.raises(InputError, match="no CTI in it; it has TCP to the ports 9031"):
        scrub(source, target)
    with pytest.raises(InputError, match="the original is not overwritten"):
        scrub(source, source)
    with pytest.raises(OSError):
        scrub(tmp_path / "none", target)
    assert [item.name for item in tmp_path.iterdir()] == ["in"]


def test_replace_payload_of_another_length() -> None:
    segment = Talk().segment(CLIENT, b"four")
    packet = Packet(0.0, 1, packet_of(segment))
    with pytest.raises(ValueError, match="a payload of 3 bytes in the place of 4"):
        replace_payload(packet, segment, b"abc")


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not there")
def test_tshark_finds_every_checksum_right(run: Run) -> None:
    run(capture((CLIENT, FRAME), (SERVER, encode(FEEDBACK)), (CLIENT, FRAME[:30]), (CLIENT, FRAME[30:])))
    arguments = [
        "-o",
        "tcp.check_checksum:TRUE",
        "-T",
        "fields",
        "-e",
        "tcp.checksum.status",
        "-e",
        "ip.checksum",
    ]
    done = subprocess.run(
        ["tshark", "-r", str(run.target), *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    status = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert status == ["1"] * run.done.packets


@pytest.mark.parametrize("name", ["vendor_client_real_feedbacks", "vendor_client_bad_emulator"])
def test_recorded_captures(tmp_path: Path, name: str) -> None:
    source = Path(__file__).parents[3] / "shared" / "captures" / f"{name}.pcapng"
    if not source.is_file():
        pytest.skip("the recorded captures are not there")
    scrub(source, tmp_path / "out")
    old, new = source.read_bytes(), (tmp_path / "out").read_bytes()
    before, after = messages(old), messages(new)
    assert [(message.spec.name, problems) for message, problems in before] == [
        (message.spec.name, problems) for message, problems in after
    ]
    for message, _ in before:
        if isinstance(message, Login):
            nothing_left(new, message.username, message.password)


# --- every message ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requests.json", "feedbacks.json", "modern.json"])
def test_recorded_frames_without_private_fields_stay(name: str) -> None:
    for vector in vectors(name):
        frame = bytes.fromhex(vector["hex"])
        redacted = redact(frame, Words())
        assert len(redacted) == len(frame)
        decoded = inspect(frame, spans=False)
        harmless = {problem.kind for problem in decoded.problems} <= {"enum"}
        if harmless and not isinstance(decoded.message, (Login, LoginJson, LoginFeedback, LoginJsonFeedback)):
            assert redacted == frame
            assert redacted.ranges == []
        checksum_fits = decoded.problems == [] or "checksum" not in {one.kind for one in decoded.problems}
        assert inspect(redacted, spans=False).header.code == decoded.header.code
        if checksum_fits:
            assert "checksum" not in {one.kind for one in inspect(redacted, spans=False).problems}


@settings(max_examples=times(37), deadline=None)
@given(
    st.sampled_from([FRAME, encode(FEEDBACK), encode(LoginJson(username=USER, password=PASSWORD)), LOGIN]),
    st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=4)), max_size=4),
    st.integers(0, 300),
)
def test_damaged_frames(frame: bytes, damage: list[tuple[int, bytes]], end: int) -> None:
    data = bytearray(frame)
    for at, other in damage:
        data[at : at + len(other)] = other
    cut = bytes(data[: end or None])
    redacted = redact(cut, Words([USER, PASSWORD]))
    assert len(redacted) == len(cut)
    assert all(0 <= start < stop <= len(cut) for start, stop in redacted.ranges)
    nothing_changed_elsewhere = bytearray(redacted)
    for start, stop in redacted.ranges:
        nothing_changed_elsewhere[start:stop] = cut[start:stop]
    assert nothing_changed_elsewhere == cut


# --- anything at all -------------------------------------------------------------------------------

#: No letters that the protocol's own words are made of.
_TEXT = st.text("qzQ#~\\\"/'0123456789{}:,", min_size=4, max_size=32)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), username=_TEXT, password=_TEXT)
def test_any_login_cut_anywhere(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, username: str, password: str
) -> None:
    frames = [
        encode(StartSchedule(test_name=f"a{password}b", channel_indices=[1])),
        encode(Login(username=username, password=password)),
        encode(LoginJson(username=username, password=password)),
        encode(default(LoginFeedback, note=f"for {username}")),
    ]
    stream = b"".join(data.draw(st.permutations(frames)))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=6)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    folder = tmp_path_factory.mktemp("any")
    (folder / "in").write_bytes(capture(*((CLIENT, part) for part in parts)))
    scrub(folder / "in", folder / "out")
    out = (folder / "out").read_bytes()
    for word in (username, password):
        if set(word.lower()) - set("xy12"):
            nothing_left(out, word)
            nothing_left(out, json.dumps(word)[1:-1])
    assert [problems for _, problems in messages(out)] == [[]] * 4
