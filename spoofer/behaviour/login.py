"""Logging in, connecting, and who has the place of the one user who controls; see `spoofer.users`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cti_schema.derive.defaults import default
from cti_schema.enums import LoginResult
from cti_schema.message import Feedback
from cti_schema.messages.connect import Connect, ConnectFeedback
from cti_schema.messages.login import Login, LoginFeedback, UserType
from cti_schema.messages.login_json import LoginJson, LoginJsonFeedback
from spoofer.behaviour.numbers import signed
from spoofer.device import Device
from spoofer.replies import Session, reply_to
from spoofer.users import ControlSeat


class _Place:
    """Gives the place of the user who controls back when the connection ends."""

    def __init__(self) -> None:
        self.seat: ControlSeat | None = None
        self.session: Session | None = None

    def close(self) -> None:
        if self.seat is not None and self.session is not None:
            self.seat.leave(self.session)


def _login(device: Device, session: Session, username: str, password: str) -> dict[str, Any]:
    """Log in, and return the fields that both login feedbacks have in common.

    A wrong password leaves an earlier login of the connection as it is. The version is told in any case,
    because a client takes it over whatever the result is (framing.md, section 3).
    """
    result, has_right = device.login(username, password)
    if not result.is_success:
        return {"result": result}
    if session.username is not None:
        result = LoginResult.BEFORE_SUCCESS
    else:
        session.username, session.has_right = username, has_right
        place = session.keep(_Place)
        place.seat, place.session = device.seat, session
        device.seat.take(session, kick=True)
    return {
        "result": result,
        "serial_number": str(device.serial_number),
        "note": f"Emulated cycler, no hardware\r\n\r\n{device.channel_count} Channels\r\n\r\nTCP/IP",
        "nickname": "CTI spoofer",
        "allow_control": int(session.may_control),
        "channel_count": device.channel_count,
        "user_type": UserType.SUPER_USER if session.has_right else UserType.NORMAL_USER,
    }


@reply_to(Login)
def login(device: Device, session: Session, request: Login) -> Sequence[Feedback]:
    """Log in."""
    fields = _login(device, session, request.username, request.password)
    return [default(LoginFeedback, version=device.version, ip_address=bytes((127, 0, 0, 1)), **fields)]


@reply_to(LoginJson)
def login_json(device: Device, session: Session, request: LoginJson) -> Sequence[Feedback]:
    """Log in, in JSON, where the version has a sign."""
    fields = _login(device, session, request.username or "", request.password or "")
    version = type(device.version)(signed(device.version))
    return [default(LoginJsonFeedback, version=version, server_info=device.personality.software, **fields)]


@reply_to(Connect)
def connect(device: Device, session: Session, request: Connect) -> Sequence[Feedback]:
    """Accept every connection, repeat the flag, and remember it: 1 says that it may be kicked out.

    Who has the right to control then takes the place, if it is free or its user may be kicked out.
    """
    session.may_be_kicked_out = request.set_kick_out != 0
    device.seat.take(session, kick=True)
    return [default(ConnectFeedback, set_kick_out=request.set_kick_out)]
