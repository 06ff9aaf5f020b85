"""Which channels a read is about."""

from __future__ import annotations

from typing import Final

from cti_schema.enums import ChannelStatus, GetChannelType
from spoofer.device import Device
from spoofer.machine.reading import Reading

_RUNNING: Final = (ChannelStatus.CHARGE, ChannelStatus.DISCHARGE, ChannelStatus.REST)


def selected(device: Device, index: int, selection: int) -> list[Reading]:
    """Return the readings that a request asks for.

    An index that does not exist selects nothing. A selection that is none of the three is taken for all
    channels: protocol v1.1 does not know the field. Some servers return all channels for one.
    """
    if index != -1:
        if device.personality.single_read_returns_all and 0 <= index < device.channel_count:
            return device.readings()
        return device.readings([index])
    readings = device.readings()
    if selection == GetChannelType.RUNNING:
        return [reading for reading in readings if reading.status in _RUNNING]
    if selection == GetChannelType.UNSAFE:
        return [reading for reading in readings if reading.status is ChannelStatus.UNSAFE]
    return readings
