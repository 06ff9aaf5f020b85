"""The filter language: any text is a filter or a `FilterError`; a filter takes any message."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tests.fuzz.harnesses.running import instrumented, run, told
from tests.fuzz.harnesses.vectors import frames

with instrumented(__name__, "cti_client.dump.filters", "cti_client.dump.filter_names"):
    from cti_client.dump.conversation import Heard, heard_frames
    from cti_client.dump.filter_names import known_names
    from cti_client.dump.filters import FilterError, parse
    from cti_client.dump.selection import passes
    from cti_schema.wire.buffer import Frame, FrameBuffer

#: Filters of the documentation and of the tests, or like them.
FILTERS = (
    "start_schedule and channel == 3",
    "result != success or response_time > 0.5",
    "get_channels_info_feedback",
    "channels[0].voltage_v >= 3.5 && !(channel in {1..4, 7})",
    "test_name contains 'a\\'b' or schedule_name == \"x.sdx\"",
    "code == 0xBB320004 and not late",
    "channel in (1, 2) or direction == request",
    "length > 1e3 and frame < -5 or time == .5",
    "problem contains checksum",
)


@cache
def messages() -> tuple[Heard, ...]:
    """Return messages of different kinds, as the dump hears them."""
    found: list[Frame] = []
    for frame in frames()[::20]:
        found += FrameBuffer().feed(frame)
    return tuple(heard_frames(found))


def one_input(data: bytes) -> None:
    """The input is the text."""
    text = data.decode("utf-8", "replace")
    try:
        accepts = parse(text)
    except FilterError as error:
        told(error)
        column = error.column
    else:
        column = 0
        for entry in messages():
            assert passes(entry, accepts) in (True, False)
    assert 0 <= column <= len(text)


def words() -> list[str]:
    """Return the words of the language: its own, and all names that there are."""
    own = ["==", "!=", "<=", ">=", "<", ">", "&&", "||", "!", "and", "or", "not", "in", "contains", "{", "}"]
    return [*own, "(", ")", ",", "..", "0x", '"', "'", "\\", *sorted(known_names())]


def seeds() -> Iterator[bytes]:
    """Filters as people write them."""
    for text in FILTERS:
        yield text.encode()


if __name__ == "__main__":
    run(one_input, seeds, words())
