"""Logging in, and saying who the cycler is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cti_schema.derive.defaults import default
from cti_schema.enums import LoginResult
from cti_schema.message import Feedback
from cti_schema.messages.connect import Connect, ConnectFeedback
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.login_json import LoginJson, LoginJsonFeedback
from spoofer.device import Device
from spoofer.replies import Session, reply_to


def _login(device: Device, session: Session, username: str, password: str) -> dict[str, Any]:
    """Log in, and return the fields that both login feedbacks have in common.

    A wrong password leaves an earlier login of the connection as it is. The version is told in any case,
    because a client takes it over whatever the result is (framing.md, section 3).
    """
    result, may_control = device.login(username, password)
    if not result.is_success:
        return {"result": result, "version": device.version}
    if session.username is not None:
        result = LoginResult.BEFORE_SUCCESS
    else:
        session.username, session.may_control = username, may_control
    return {
        "result": result,
        "serial_number": str(device.serial_number),
        "note": f"Emulated cycler, no hardware\r\n\r\n{device.channel_count} Channels\r\n\r\nTCP/IP",
        "nickname": "CTI spoofer",
        "version": device.version,
        "allow_control": int(session.may_control),
        "channel_count": device.channel_count,
    }


@reply_to(Login)
def login(device: Device, session: Session, request: Login) -> Sequence[Feedback]:
    """Log in."""
    fields = _login(device, session, request.username, request.password)
    return [default(LoginFeedback, ip_address=bytes((127, 0, 0, 1)), **fields)]


@reply_to(LoginJson)
def login_json(device: Device, session: Session, request: LoginJson) -> Sequence[Feedback]:
    """Log in, in JSON."""
    fields = _login(device, session, request.username or "", request.password or "")
    return [default(LoginJsonFeedback, **fields)]


@reply_to(Connect)
def connect(device: Device, session: Session, request: Connect) -> Sequence[Feedback]:
    """Accept every connection, and repeat the flag: nobody is kicked out here."""
    return [default(ConnectFeedback, set_kick_out=request.set_kick_out)]


@reply_to(GetSerialNumber)
def get_serial_number(device: Device, session: Session, request: GetSerialNumber) -> Sequence[Feedback]:
    """Tell the serial number."""
    return [default(GetSerialNumberFeedback, serial_number=device.serial_number)]
