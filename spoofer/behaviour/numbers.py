"""Numbers that a request holds otherwise than its feedback."""

from __future__ import annotations


def signed(index: int) -> int:
    """Return an index as a 32-bit field with a sign holds it; source: feedbacks have i32, requests u32."""
    return (index + 2**31) % 2**32 - 2**31
