"""Functions of the cycler software that are called with a document: UDS signals of channels.

The answer has the number of the call, and the type of the request with ``Response`` in the place of
``Request``. Of the requests' documents only two were recorded; a list of names with values sets signals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cti_schema.enums import UdsSignalStatus
from cti_schema.message import Feedback
from cti_schema.messages.custom_callback import CustomCallback, CustomCallbackFeedback
from spoofer.device import Device
from spoofer.machine.texts import kept
from spoofer.replies import Session, reply_to

#: Most signals that are kept; no more are taken then.
_MOST_SIGNALS: Final = 1000

#: What a document is answered with besides its code, by a word of its type.
_GET, _SEND, _SET, _UNLOCK = "GetUDS", "SendUDS", "SetRequestUDS", "ExecUDSUnlock"
_RESULTS: Final = {_GET: "SignalValues", _SEND: "ResponseSignalValues", _SET: "ErrorSignals", _UNLOCK: ""}


@reply_to(CustomCallback)
def custom_callback(device: Device, session: Session, request: CustomCallback) -> Sequence[Feedback]:
    """Call a function; reading signals needs no right, everything else does."""
    document = request.document
    header, data = _mapping(document.get("Header")), _mapping(document.get("Data"))
    name = header.get("Type")
    name = name if isinstance(name, str) else ""
    called = next((word for word in _RESULTS if name.startswith(word)), None)
    index = data.get("GlobalChannelIndex")
    answer: dict[str, Any] = {}
    if called is None:
        answer["Code"] = _code(-1, "no such function")
    elif called != _GET and not session.may_control:
        answer["Code"] = _code(-1, "the right to control is missing")
    elif not isinstance(index, int) or not 0 <= index < device.channel_count:
        answer["Code"] = _code(-1, "no such channel")
    else:
        answer["Code"] = _code(0, "")
        if called == _SET:
            _set(device, index, data)
        if _RESULTS[called]:
            answer[_RESULTS[called]] = _signals(device, index, data) if called == _GET else []
    kind = f"{name.removesuffix('Request')}Response"
    reply = {"Header": {"SN": header.get("SN", 0), "Type": kind}, "Data": answer}
    return [CustomCallbackFeedback(document=reply)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _code(code: int, message: str) -> dict[str, Any]:
    return {"Code": code, "Message": message, "Type": "Sys"}


def _signals(device: Device, index: int, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the signals that were asked for; one that nobody set does not exist."""
    names = data.get("GetSignalValues")
    found = []
    for name in names if isinstance(names, list) else []:
        value = device.uds_signals.get((index, str(name)))
        status = UdsSignalStatus.NOT_EXIST if value is None else UdsSignalStatus.SUCCESSES
        found.append({"Name": str(name), "Value": value or "", "UDSSignalStatus": int(status)})
    return found


def _set(device: Device, index: int, data: Mapping[str, Any]) -> None:
    for name, value in _named_values(data):
        if len(device.uds_signals) < _MOST_SIGNALS or (index, name) in device.uds_signals:
            device.uds_signals[index, name] = value


def _named_values(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for items in data.values():
        for item in items if isinstance(items, list) else []:
            if isinstance(item, Mapping) and "Name" in item and "Value" in item:
                yield kept(str(item["Name"])), kept(str(item["Value"]))
