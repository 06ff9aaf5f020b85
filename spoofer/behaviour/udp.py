"""Values by UDP: which ones a client gets is said here, how they are sent in `spoofer.serving.udp`."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from cti_schema.message import Feedback
from cti_schema.messages.apply_udp_communication import (
    ApplyUdpCommunication,
    ApplyUdpCommunicationFeedback,
    ApplyUdpResult,
    ReadWriteMode,
    ValueSource,
    WantedValue,
)
from spoofer.device import Device
from spoofer.replies import Session, reply_to
from spoofer.serving.udp import Stream, Value

#: Ports that a client may name (rules.md, section 4).
_PORTS: Final = range(1024, 65536)

#: Most values that one client gets; the library knows no limit, 200 were tried (requests.json).
MOST_ENTRIES: Final = 1000


@reply_to(ApplyUdpCommunication)
def apply_udp_communication(
    device: Device, session: Session, request: ApplyUdpCommunication
) -> Sequence[Feedback]:
    """Begin a stream of the values that exist, in the place of an earlier one; without entries, end it.

    An address or a port that nothing is sent to is an error of every entry. A value cannot be written.
    """
    entries = request.entries
    source, results = None, [ApplyUdpResult.ERROR] * len(entries)
    if session.may_control and len(entries) <= MOST_ENTRIES:
        results = [_result(device, entry) for entry in entries]
        wanted = [
            entry for entry, result in zip(entries, results, strict=True) if result is ApplyUdpResult.SUCCESS
        ]
        if session.stream_to is None:
            refusal = ApplyUdpResult.NOT_CONNECT_DAQ  # a connection in memory: there is nothing that sends
        else:
            refusal = ApplyUdpResult.ERROR
            source = session.stream_to(_stream(device, request, wanted) if wanted else None)
        if source is None:
            results = [refusal if result is ApplyUdpResult.SUCCESS else result for result in results]
    host, port = source or ("0.0.0.0", 0)  # noqa: S104 - no address, since nothing is sent
    items = [
        ValueSource(
            global_index=entry.global_index,
            error=result,
            data_type=entry.data_type,
            meta_variable_code=entry.meta_variable_code,
            mcu_port=port if result is ApplyUdpResult.SUCCESS else 0,
            mcu_ip=ipaddress.IPv4Address(host).packed if result is ApplyUdpResult.SUCCESS else bytes(4),
            read_write_mode=entry.read_write_mode,
        )
        for entry, result in zip(entries, results, strict=True)
    ]
    return [ApplyUdpCommunicationFeedback(items=items)]


def _result(device: Device, entry: WantedValue) -> ApplyUdpResult:
    if entry.read_write_mode != ReadWriteMode.READ:
        return ApplyUdpResult.WRITE_NOT_SUPPORTED
    error, _ = device.value(entry.global_index, entry.data_type, entry.meta_variable_code)
    return ApplyUdpResult(int(error))  # the results of reading a value have the same numbers


def _stream(device: Device, request: ApplyUdpCommunication, wanted: list[WantedValue]) -> Stream | None:
    """Return what is to be sent; ``None`` when the port is none that a client may name."""
    if request.udp_client_port not in _PORTS:
        return None

    def read() -> tuple[float, Sequence[Value]]:
        values = []
        for entry in wanted:
            index, kind, code = entry.global_index, entry.data_type, entry.meta_variable_code
            error, value = device.value(index, kind, code)
            values.append(Value(index, int(error), int(kind), int(code), value))
        return device.now, values

    host = str(ipaddress.IPv4Address(request.udp_client_ip))
    return Stream(host, request.udp_client_port, read, lambda: device.log_interval_s)
