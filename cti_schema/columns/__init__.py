"""Many frames of one message at once, as columns: numpy arrays, or an Arrow table. Needs the extra "columns".

::

    found = decode_columns(frames, GetChannelsInfoFeedback)
    found.table["voltage_v"]           # one number per channel and frame
    found.frame                        # which frame each row came from
    found.refused                      # what is wrong with the frames that have no rows
    found.table.arrow()                # texts dictionary-encoded, lists as lists

Everything follows from the declaration: a message whose one value is a list of records has a row per record,
any other message a row per frame. A frame gives the values that `cti_schema.decode` gives, or is refused with
its error.
"""

from __future__ import annotations

from cti_schema.columns.decode import Columns, decode_columns
from cti_schema.columns.table import Binary, Column, Lists, Table, Texts

__all__ = ["Binary", "Column", "Columns", "Lists", "Table", "Texts", "decode_columns"]
