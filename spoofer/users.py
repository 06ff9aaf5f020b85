"""Who may log in, and who may control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    """Who may log in.

    Attributes:
        password: the password.
        may_control: may start, stop and set; else only look.
    """

    password: str = field(repr=False)
    may_control: bool = True


def as_users(users: Mapping[str, str | User] | None) -> dict[str, User] | None:
    """Return users by name, where a password alone may stand for a user; ``None`` stays ``None``."""
    if users is None:
        return None
    return {name: User(user) if isinstance(user, str) else user for name, user in users.items()}
