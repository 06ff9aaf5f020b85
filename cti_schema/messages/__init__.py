"""The declared messages, one file per command. A new file here is all that a new message takes.

This package has the name of the function `cti_schema.messages`, and importing it puts it in the function's
place. So calling it does the same.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cti_schema.declare import Message


class _Messages(ModuleType):
    def __call__(self) -> list[type[Message]]:
        """Return every declared message, sorted by name."""
        from cti_schema.registry import messages

        return messages()


sys.modules[__name__].__class__ = _Messages
