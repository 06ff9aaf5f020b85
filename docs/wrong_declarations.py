"""Declarations that break a rule of the language. The documentation shows the error that each one gives.

Each is (rule, source). The source is executed; if it does not raise, the documentation does not build.
"""

from __future__ import annotations

HEAD = """\
from cti_schema import fields as f
from cti_schema.declare import CONTROL, QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.registry import Registry

@feedback(0xBBF20001)
class Answer(Feedback):
    "An answer."
    channel_index: int = f.i32()
"""

WRONG = (
    (
        "A field with a value has an annotation.",
        """
        @feedback(0xBBF20002)
        class Other(Feedback):
            "Another answer."
            channel_index = f.i32()
        """,
    ),
    (
        "A field's value is one of the kinds.",
        """
        @feedback(0xBBF20002)
        class Other(Feedback):
            "Another answer."
            channel_index: int = 7
        """,
    ),
    (
        "Counts, lengths, reserved bytes and surplus have no annotation.",
        """
        @feedback(0xBBF20002)
        class Other(Feedback):
            "Another answer."
            reserved: bytes = f.reserved(4)
        """,
    ),
    (
        "A count stands in front of what it counts.",
        """
        late = f.count(f.u16)

        @feedback(0xBBF20002)
        class Other(Feedback):
            "Another answer."
            channel_indices: list[int] = f.array(f.u16, late)
            channel_count = late
        """,
    ),
    (
        "A count counts something.",
        """
        @feedback(0xBBF20002)
        class Other(Feedback):
            "Another answer."
            channel_count = f.count(f.u16)
        """,
    ),
    (
        "Only the last field takes what is left.",
        """
        @feedback(0xBBF20002)
        class Other(Feedback):
            "Another answer."
            data: bytes = f.rest()
            channel_index: int = f.i32()
        """,
    ),
    (
        "JSON members and binary fields do not mix.",
        """
        @feedback(0xBBF20002)
        class Other(Feedback):
            "Another answer."
            channel_index: int = f.i32()
            note: str = f.json_text("Note")
        """,
    ),
    (
        "Some names have a meaning of their own.",
        """
        @feedback(0xBBF20002)
        class Other(Feedback):
            "Another answer."
            struct: int = f.i32()
        """,
    ),
    (
        "A docstring says what it is.",
        """
        @feedback(0xBBF20002)
        class Other(Feedback):
            channel_index: int = f.i32()
        """,
    ),
    (
        "A request names its feedback.",
        """
        @request(0xBBF10001, effect=QUERY)
        class Ask(Request):
            "Ask."
        """,
    ),
    (
        "An echo names fields that are there.",
        """
        @request(0xBBF10001, effect=QUERY, echo={"channel_index": "channel"})
        class Ask(Request[Answer]):
            "Ask."
            channel_index: int = f.u32()
        """,
    ),
    (
        "A list of channels that is answered one by one is there.",
        """
        @request(0xBBF10001, effect=QUERY, answers=f.per_channel("channels"))
        class Ask(Request[Answer]):
            "Ask."
            channel_index: int = f.u32()
        """,
    ),
    (
        "A name is used once.",
        """
        registry = Registry()
        registry.add(Answer)
        registry.add(Answer)
        """,
    ),
    (
        "A code is used once for each direction and form of body.",
        """
        @feedback(0xBBF20001)
        class Other(Feedback):
            "Another answer."

        registry = Registry()
        registry.add(Answer)
        registry.add(Other)
        """,
    ),
)
