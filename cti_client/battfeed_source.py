"""A cycler as a live source for battfeed, by its published interface; nothing of battfeed is imported.

A sample is one channel with a test that runs, in one poll. Its columns have the names that the Battery Data
Format has for machines. ``series_id`` tells the channel, ``run_id`` the test. Source: battfeed 0.5.0,
``battfeed.protocols``.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from typing import Any, Final

from cti_client.channels import index_of, parse_channels
from cti_client.client import Cycler
from cti_client.credentials import PASSWORD_VARIABLE, Credentials
from cti_client.dump.readings_table import notation
from cti_client.readings import Reading
from cti_client.record.observe import is_running
from cti_client.record.sinks.bdf import FROM
from cti_client.record.tables import READINGS, Kind
from cti_client.step_text import step_text
from cti_schema.enums import NeedType
from cti_schema.errors import ConfigurationError, LoginRefused

__all__ = ["CyclerSource"]

#: Columns of a sample, and what stands in each; what routes or describes is no column.
_COLUMNS: Final = {
    notation(label): column
    for label, column in FROM.items()
    if READINGS.columns[column] is not Kind.TEXT and column not in READINGS.keys
}

#: Without these a sample is none.
_NEEDED: Final = frozenset({"test_time_second", "voltage_volt", "current_ampere"})

_AUX: Final = NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_AUX


class CyclerSource:
    """An Arbin cycler, over CTI: the running tests of one channel or of several. Only reads.

    The password comes from ``CTI_PASSWORD`` or from a file of credentials. Nothing is connected before the
    first poll; a connection that ended is made anew by the next one.

    Args:
        host: the cycler's name or address.
        port: TCP port.
        user: who logs in; by default what ``CTI_USER`` says.
        channel: number of one channel, from 1.
        channels: several, as a list or as a text like ``1-8,12`` or ``all``; for a sink that routes.
        credentials: file of passwords that only its owner can read.
        timeout_s: seconds that an answer may take.

    Attributes:
        name: what battfeed calls it.

    Raises:
        ConfigurationError: not one of channel and channels is given, or user or password is missing.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 9031,
        user: str | None = None,
        channel: int | None = None,
        channels: str | Sequence[int] | None = None,
        credentials: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self.name = "cti"
        self._wanted = _wanted(channel, channels)
        user = user or os.environ.get("CTI_USER")
        if not user:
            raise ConfigurationError("no user name: give the option user or set CTI_USER")
        password = Credentials(credentials).password(user, host)
        if password is None:
            raise ConfigurationError(f"no password of {user!r}: set {PASSWORD_VARIABLE}")
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._user, self._password = user, password
        self._cycler: Cycler | None = None
        self._refused: LoginRefused | None = None
        self._last: dict[int, tuple[str, float]] = {}

    def metadata(self) -> dict[str, Any]:
        """Return what does not change: where the cycler is, and which channels are read."""
        return {
            "source": self.name, "protocol": "CTI", "manufacturer": "Arbin Instruments",
            "host": self._host, "port": self._port, "channels": self._wanted,
        }  # fmt: skip

    def poll(self) -> list[dict[str, float | int | str]]:
        """Return a sample of each channel with a test that runs and has gone on since the last poll.

        Raises:
            CTIError: no connection, a refused login (which is not tried again, so that no account gets
                locked), no answer, or no such channel.
        """
        try:
            cycler = self._connected()
            readings = cycler.channels(extra=_AUX)
        except BaseException:
            self.close()
            raise
        at_s = time.time()
        there = {reading.channel: reading for reading in readings}
        samples = []
        for channel in parse_channels(self._wanted, max(there, default=0)):
            reading = there.get(channel)
            if reading is None or not is_running(reading):
                continue
            sample = _sample(reading, at_s)
            mark = (reading.test_name, reading.test_time_s)
            if sample.keys() >= _NEEDED and self._last.get(channel) != mark:
                self._last[channel] = mark
                series = f"{cycler.serial_number or self._host} channel {channel}"
                samples.append({**sample, "series_id": series, "run_id": reading.test_name})
        return samples

    def close(self) -> None:
        """Close the connection, if there is one."""
        cycler, self._cycler = self._cycler, None
        if cycler is not None:
            cycler.close()

    def _connected(self) -> Cycler:
        if self._refused is not None:
            raise LoginRefused(str(self._refused), self._refused.result)
        if self._cycler is None or not self._cycler.connected:
            self.close()
            self._cycler = Cycler(self._host, self._port, timeout_s=self._timeout_s)
            self._cycler.connect()
            try:
                self._cycler.login(self._user, self._password.reveal())
            except LoginRefused as error:
                self._refused = error
                raise
        return self._cycler


def _wanted(channel: int | None, channels: str | Sequence[int] | None) -> str:
    """Return the channels as a text.

    Raises:
        ConfigurationError: none are given, or they are given twice, or they are no channels.
    """
    if (channel is None) == (channels is None):
        raise ConfigurationError("give one of the options channel and channels")
    if isinstance(channels, str):
        parse_channels(channels, 65535)
        return channels
    listed = [channel] if channels is None else [channels] if isinstance(channels, int) else list(channels)
    for one in listed:
        index_of(one)  # type: ignore[arg-type]
    if not listed:
        raise ConfigurationError("the option channels names no channel")
    return ",".join(map(str, listed))


def _sample(reading: Reading, at_s: float) -> dict[str, float | int | str]:
    step = step_text(reading.step_and_cycle)
    known = {"time": at_s} | ({} if step is None else {"cycle_index": step.cycle, "step_index": step.step})
    found = {
        name: known.get(column, getattr(reading, column, math.nan)) for name, column in _COLUMNS.items()
    }  # fmt: skip
    return {name: value for name, value in found.items() if math.isfinite(value)}
