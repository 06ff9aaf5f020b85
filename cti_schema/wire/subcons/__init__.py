"""The construct behind each kind of field. This is where a declaration gets its meaning.

`struct_of` makes a `construct.Struct` of a layout. Used as any construct, it parses and builds
bodies. Handed a `Report` (parameter ``report``) it also tells where each field stands and what is
wrong with it, and handed a `Writer` (parameter ``writer``) it writes leftovers and names the field
that a value does not fit.
"""

from __future__ import annotations

from cti_schema.wire.subcons import data, lists, scalars, texts  # noqa: F401 - each registers its kinds
from cti_schema.wire.subcons.base import Writer, struct_of

__all__ = ["Writer", "struct_of"]
