"""Doubt: what the written functions end in when something is not plainly as declared.

Then the construct struct, which is the meaning of the message, decides: so there is one judge of what is
accepted and what is refused.
"""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

from cti_schema.wire import bson


class Doubt(Exception):
    """The bytes or values are not plainly as declared: the construct struct must decide."""


#: What a written function may end in; every one means `Doubt`.
DOUBTS: Final = (
    Doubt, struct.error, ValueError, IndexError, TypeError, OverflowError, AttributeError, bson.BsonError,
)  # fmt: skip

#: Name, first byte, end and encoding of texts that follow each other.
TextsLayout: TypeAlias = tuple[tuple[str, int, int, str], ...]

#: Records of one list whose texts are remembered.
MOST_REMEMBERED: Final = 256

#: What is remembered of a record that was not there before.
NOTHING: Final = (None, None)
