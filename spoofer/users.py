"""Who may log in, and who controls: one user at a time, from any number of connections.

Manual 1.2.0 (rules.md, section 4): every user may log in and look, only users with the control right may
control, and only one of them at a time. The place is taken at the login, if it is free. Who said at
`connect` that it may be kicked out (1, so the manual; the documents contradict each other) loses it to the
next user who logs in or connects. It is free again when the last connection of its user has ended; then the
next control request of a user with the right takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


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


class Client(Protocol):
    """A connection, as far as the right to control goes.

    Attributes:
        username: who logged in; ``None`` before.
        has_right: the user may control at all.
        may_be_kicked_out: gives way to the next user.
        may_control: it has the place now. Set here.
    """

    username: str | None
    has_right: bool
    may_be_kicked_out: bool
    may_control: bool


class ControlSeat:
    """The place of the one user who controls."""

    __slots__ = ("_clients",)

    def __init__(self) -> None:
        self._clients: dict[int, Client] = {}

    @property
    def username(self) -> str | None:
        """The user who controls; ``None`` while nobody does."""
        return next((client.username for client in self._clients.values()), None)

    def take(self, client: Client, *, kick: bool = False) -> bool:
        """Give the place to a connection, and return whether it has it now.

        Args:
            client: the connection.
            kick: take it from another user who may be kicked out, on all of its connections.
        """
        if client.may_control or not client.has_right:
            return client.may_control
        holders = self._clients.values()
        if self._clients and self.username != client.username:
            if not kick or not all(holder.may_be_kicked_out for holder in holders):
                return False
            for holder in holders:
                holder.may_control = False
            self._clients = {}
        self._clients[id(client)] = client
        client.may_control = True
        return True

    def leave(self, client: Client) -> None:
        """Take a connection out that has ended."""
        self._clients.pop(id(client), None)
        client.may_control = False
