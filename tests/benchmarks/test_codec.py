"""The codecs beside pycti-arbin and construct, on the same frames and in the same run.

Ratios are asserted, times only shown: how fast the machine is says nothing. The frames are made by encoding
messages; the checksum is part of every time unless noted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cti_schema import decode, encode
from cti_schema.compile.lazy import view
from cti_schema.compile.prepared import Prepared
from tests.benchmarks.codec_frames import FRAMES, MESSAGES, SIZES
from tests.benchmarks.race import Race

pytestmark = pytest.mark.benchmark

#: Floors: how many times as fast as the other the codec is, by frame.
DECODE_AGAINST_PEER = {"login": 12, "stop": 12, "one": 14, "many": 18}
DECODE_AGAINST_CONSTRUCT = {"one": 10, "many": 16}
LAZY_AGAINST_PEER = {"one": 30, "many": 100}
ENCODE_AGAINST_PEER = 18
PREPARED_AGAINST_PEER = 80

EACH = pytest.mark.parametrize("name", list(FRAMES))


def peer_class(name: str) -> Any:
    """Return the class of the peer for a frame; its channel info has one channel."""
    messages = pytest.importorskip("pyctiarbin.messages").Msg
    classes = {"login": messages.Login.Client, "stop": messages.StopSchedule.Server}
    return classes.get(name, messages.ChannelInfo.Server)


def peer_values(name: str) -> dict[str, Any]:
    """Return what the peer is given to pack for a frame; it names results and states when it unpacks."""
    peer = peer_class(name)
    found = peer.unpack(FRAMES["one"] if name == "many" else FRAMES[name])
    values = {key: value for key, value in found.items() if key in peer.msg_specific_template}
    raw = {"stop": {"result": "\0"}, "one": {"status": 4}, "many": {"status": 4}}
    values |= raw.get(name, {})
    # Its feedbacks have their checksum two bytes too late.
    assert len(peer.pack(values)) - SIZES["one" if name == "many" else name] in (0, 2)
    return values


def show(benchmark: Any, name: str, race: Race, **more: Any) -> None:
    """Print a row, and keep it with the results."""
    benchmark.extra_info |= {"bytes": SIZES[name], **race.row(), **more}
    print(f"\n{name} ({SIZES[name]} B), us:", race.row(), more)


@EACH
def test_decode(name: str, benchmark: Any) -> None:
    import construct

    from tests.benchmarks.stock_construct import STRUCTS

    frame = FRAMES[name]
    peer, stock = peer_class(name), STRUCTS[name]
    compiled = stock.compile()
    one = FRAMES["one"] if name == "many" else frame
    functions: dict[str, Callable[[], Any]] = {
        "peer": lambda: peer.unpack(one),
        "construct": lambda: stock.parse(frame),
        "construct compiled": lambda: compiled.parse(frame),
        "decode": lambda: decode(frame),
        "memcpy": lambda: bytes(memoryview(frame)),
    }
    assert decode(frame) == MESSAGES[name]
    assert isinstance(stock.parse(frame), construct.Container)
    race = Race(functions, {"peer": 64} if name == "many" else None)
    ratios = {
        "times_the_peer": round(race.ratio("peer", "decode"), 1),
        "times_construct": round(race.ratio("construct", "decode"), 1),
    }
    show(benchmark, name, race, **ratios)
    benchmark(decode, frame)
    assert ratios["times_the_peer"] >= DECODE_AGAINST_PEER[name]
    assert ratios["times_construct"] >= DECODE_AGAINST_CONSTRUCT.get(name, 0)


@EACH
def test_encode(name: str, benchmark: Any) -> None:
    message = MESSAGES[name]
    peer, given = peer_class(name), peer_values(name)
    assert encode(message) == FRAMES[name]
    race = Race(
        {"peer": lambda: peer.pack(given), "encode": lambda: encode(message)},
        {"peer": 64} if name == "many" else None,
    )
    ratio = round(race.ratio("peer", "encode"), 1)
    show(benchmark, name, race, times_the_peer=ratio)
    benchmark(encode, message)
    assert ratio >= ENCODE_AGAINST_PEER


#: A field of each frame, as somebody would ask for it.
ASKED: dict[str, Callable[[Any], Any]] = {
    "login": lambda message: message.username,
    "stop": lambda message: message.result,
    "one": lambda message: message.channels[0].voltage_v,
    "many": lambda message: message.channels[0].voltage_v,
}


@EACH
def test_lazy(name: str, benchmark: Any) -> None:
    """One field is read; the whole frame is checked, and everything that says how long something is."""
    pytest.importorskip("numpy")  # with it the checksum of large frames is faster
    frame, ask = FRAMES[name], ASKED[name]
    peer = peer_class(name)
    one = FRAMES["one"] if name == "many" else frame
    assert ask(view(frame)) == ask(decode(frame))
    race = Race(
        {
            "peer": lambda: peer.unpack(one),
            "decode": lambda: decode(frame),
            "view": lambda: ask(view(frame)),
        },
        {"peer": 64} if name == "many" else None,
    )
    ratio = round(race.ratio("peer", "view"), 1)
    show(benchmark, name, race, times_the_peer=ratio)
    benchmark(view, frame)
    assert ratio >= LAZY_AGAINST_PEER.get(name, 0)


@pytest.mark.parametrize("name", ["one", "many"])
def test_fixed_block_with_numpy(name: str, benchmark: Any) -> None:
    """No checksum: the numbers of the first channel where they stand."""
    numpy = pytest.importorskip("numpy")
    frame = FRAMES[name]
    layout = numpy.dtype([("test_time_s", "<f8"), ("step_time_s", "<f8"), ("values", "<f4", 12)])
    start = 20 + 4 + 4 + 2 + 1 + 1652 + 2
    race = Race(
        {
            "numpy view": lambda: numpy.frombuffer(frame, layout, 1, start),
            "memcpy": lambda: bytes(memoryview(frame)),
        }
    )
    assert numpy.frombuffer(frame, layout, 1, start)["step_time_s"][0] == 2.5432
    show(benchmark, name, race)
    benchmark(numpy.frombuffer, frame, layout, 1, start)


def test_running_channels(benchmark: Any) -> None:
    """The spoofer's answers about 16 channels with tests that run: every reading is another one."""
    from cti_schema.messages.get_channels_info import GetChannelsInfo
    from spoofer import Connection, Device
    from spoofer.replies import Session, answer
    from spoofer.serving.patching import WORTH

    now = [0.0]
    device = Device(channels=16, clock=lambda: now[0])
    for index in range(16):
        device.assign(index, "any")
    device.start(range(16), "a test")
    request = GetChannelsInfo(channel_index=-1)
    frame = encode(request)
    connection, session = Connection(device), Session()

    def patched() -> bytes:
        now[0] += 0.02
        return connection.receive(frame)

    def encoded() -> bytes:
        now[0] += 0.02
        decode(frame)
        return b"".join(map(encode, answer(device, session, request)))

    for _ in range(WORTH + 1):
        patched()
    race = Race({"encoded": encoded, "patched": patched})
    ratio = round(race.ratio("encoded", "patched"), 2)
    rates = {f"{name}_per_s": round(1e6 / us) for name, us in race.row().items()}
    benchmark.extra_info |= {**rates, "times_encoded": ratio}
    print("\n16 channels:", rates, {"times_encoded": ratio})
    benchmark(patched)
    assert ratio > 1


def test_prepared_reply(benchmark: Any) -> None:
    """The spoofer's answer about one channel: its measured values change, the rest does not."""
    peer = peer_class("one")
    message = MESSAGES["one"]
    names = ["test_time_s", "step_time_s", "voltage_v", "current_a", "power_w", "charge_capacity_ah"]
    values = {name: 1.5 + number for number, name in enumerate(names)}
    theirs = {**peer_values("one"), **values}
    assert peer.pack(theirs)
    write = Prepared(message).writer(*(f"channels[0].{name}" for name in names))

    def set_and_encode() -> bytes:
        channel = message.channels[0]
        for name, value in values.items():
            setattr(channel, name, value)
        return encode(message)

    given = tuple(values.values())
    before = {name: getattr(message.channels[0], name) for name in names}
    assert write(*given) == set_and_encode()
    race = Race(
        {
            "peer": lambda: peer.pack(theirs),
            "encode": set_and_encode,
            "prepared": lambda: write(*given),
        }
    )
    for name, value in before.items():
        setattr(message.channels[0], name, value)
    ratio = round(race.ratio("peer", "prepared"), 1)
    faster = round(race.ratio("encode", "prepared"), 1)
    show(benchmark, "one", race, times_the_peer=ratio, times_encode=faster)
    benchmark(write, *given)
    assert ratio >= PREPARED_AGAINST_PEER
    assert faster > 1
