"""What calls would send, found out without a cycler: the calls themselves run, and nothing leaves.

So a value that does not fit is found before anything is sent, and what is shown is what would be sent.
"""

from __future__ import annotations

from typing import Any, Final, cast

from cti_client.peer import Call, Peer, Send
from cti_client.session import Session
from cti_schema.derive.defaults import default
from cti_schema.enums import CtiVersion, LoginResult
from cti_schema.message import Direction, Request
from cti_schema.messages.login import LoginFeedback
from cti_schema.wire.codec import decode

__all__ = ["MOST_CHANNELS", "Rehearsal"]

#: The vendor's client knows no more channels (``get_channels_info_feedback``).
MOST_CHANNELS: Final = 2048


class Rehearsal(Peer):
    """A cycler that is not there, and has accepted a login.

    Args:
        version: what it said at the login; it chooses the variants of some requests.
        channel_count: how many channels it has.
    """

    def __init__(self, version: CtiVersion = CtiVersion.CTI_PRO8, channel_count: int = MOST_CHANNELS) -> None:
        super().__init__("rehearsal", 9031, 1.0)
        self._login = default(
            LoginFeedback, result=LoginResult.SUCCESS, version=version, channel_count=channel_count
        )
        self._begin()

    def _begin(self) -> None:
        """Begin a new connection: nothing of an earlier request is in the way of the next."""
        self._session = Session(lambda: 0.0)
        self._session.login = self._login

    def first_request(self, call: Call[Any]) -> Request[Any]:
        """Return the first request that a call of this peer sends; its answer never comes.

        Raises:
            CTIError: the call refuses its arguments, or a value does not fit its field.
        """
        self._begin()
        step = next(call)
        while not isinstance(step, Send):
            step = call.send(False)
        call.close()
        return cast(Request[Any], decode(step.data, Direction.REQUEST))

    def _drop(self, reason: str) -> None:
        """Nothing to drop."""
