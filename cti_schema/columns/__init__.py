"""Many frames of one message at once: numbers as numpy arrays, texts as dictionaries, aux values as lists.

::

    found = columns(frames, message)
    found["channels.voltage_v"].values     # a number for each channel in each frame
    found.arrow("channels")                # an Arrow table with a row for each channel in each frame

Everything follows from the declaration. Needs the extra ``columns`` (numpy, pyarrow), which is imported when
something here is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti_schema.columns.many import Columns as Columns
    from cti_schema.columns.many import columns as columns

__all__ = ["Columns", "columns"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("cti_schema.columns.many"), name)
