"""The client for programs without asyncio: does what calls yield, on a blocking link.

Nothing about messages is decided here, see `cti_client.calls`. Several threads may share a `Cycler`;
their calls run one after the other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Concatenate, Self

from cti_client import calls, details, files, many, resolving, variables
from cti_client.closed_loop import ClosedLoop
from cti_client.connecting import Connector, Link, SocketLink, clock_of, no_connection, why_lost
from cti_client.peer import (
    CONNECT_S,
    Call,
    ChannelPeer,
    F,
    Open,
    P,
    Peer,
    S,
    Send,
    Sleep,
    Step,
    T,
    document,
)
from cti_client.reconnect import Reconnect
from cti_client.shell import Shell, Tap
from cti_schema.errors import ConfigurationError, ConnectError
from cti_schema.message import Request

__all__ = ["Channel", "Cycler"]


def _method(call: Callable[Concatenate[S, P], Call[T]]) -> Callable[Concatenate[S, P], T]:
    """Make a method of a call."""

    def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        cycler = self.cycler if isinstance(self, ChannelPeer) else self
        assert isinstance(cycler, Cycler)
        return cycler._run(call(self, *args, **kwargs))

    document(method, call, "{}")
    return method


def _files_method(call: Callable[Concatenate[Peer, P], Call[T]]) -> Callable[Concatenate[Cycler, P], T]:
    """Make a method of a call that goes over the connection for files."""

    def method(self: Cycler, /, *args: P.args, **kwargs: P.kwargs) -> T:
        cycler = self._for_files()
        return cycler._run(call(cycler, *args, **kwargs))

    document(method, call, "{}")
    return method


class Channel(ChannelPeer):
    """One channel of a cycler; made by `Cycler.channel`."""

    read = _method(calls.read)
    assign = _method(calls.assign)
    start = _method(calls.start_channel)
    stop = _method(calls.stop)
    resume = _method(calls.resume)
    continue_ = _method(calls.continue_)
    jump = _method(calls.jump)
    set_mv = _method(variables.set_mv)
    update_mvs = _method(variables.update_mvs)
    get_mvs = _method(variables.get_mvs)
    set_mvs_time_sensitive = _method(variables.set_mvs_time_sensitive)
    barcode = _method(details.barcode)
    assign_barcode = _method(details.assign_barcode)

    def closed_loop(
        self,
        variable: int | str,
        *,
        limits: tuple[float, float],
        test_name: str | None = None,
        period_s: float = 0.1,
        deadline_s: float = 1.0,
        safe_value: float | None = None,
        log: bool = False,
    ) -> ClosedLoop:
        """Return a helper that sets a user variable of the running test in every round of a closed loop.

        Args:
            variable: the user variable, by number or name.
            limits: least and greatest value that may be set.
            test_name: the test that the loop is for; by default the one that runs when the loop begins.
            period_s: seconds from one round to the next.
            deadline_s: the longest gap between two values. After it the safe state is brought about; where
                the cycler has the time-sensitive command, its watchdog stops the channel then too.
            safe_value: is set at the end; ``None`` stops the channel.
            log: with the time-sensitive command, write each value to the cycler's database.

        Raises:
            ConfigurationError: something of it makes no sense.
        """
        return ClosedLoop(
            self,
            variable,
            limits=limits,
            test_name=test_name,
            period_s=period_s,
            deadline_s=deadline_s,
            safe_value=safe_value,
            log=log,
        )


class Cycler(Shell[Connector]):
    """A cycler, talked to over TCP.

    Use it in a ``with`` statement, which connects and closes, or call `connect` and `close`.

    Args:
        host: name or address of the cycler's computer.
        port: its TCP port.
        timeout_s: seconds that an answer may take, where a call says nothing else.
        connect_timeout_s: seconds that the connection may take.
        files_port: where files go, over a connection of its own that is made when it is first needed. By
            default 9032 beside port 9031, as is documented; else the same connection.
        reconnect: come back after a lost connection, and log in again: no, yes, or when. The password stays
            in memory for it until `close`; so it does for a connection for files.
        trace: file to record everything in, as a capture for `cti dump` and Wireshark; without passwords.
        connector: makes the connection; by default over TCP.
        tap: is called with the direction and the bytes of everything sent and received, in order;
            passwords are among them.
    """

    def __init__(
        self,
        host: str,
        port: int = 9031,
        *,
        timeout_s: float = 10.0,
        connect_timeout_s: float = CONNECT_S,
        files_port: int | None = None,
        reconnect: bool | Reconnect = False,
        trace: Path | str | None = None,
        connector: Connector = SocketLink,
        tap: Tap | None = None,
    ) -> None:
        super().__init__(
            host,
            port,
            timeout_s=timeout_s,
            connect_timeout_s=connect_timeout_s,
            files_to=files_port,
            reconnect=reconnect,
            trace=trace,
            connector=connector,
            tap=tap,
        )
        self._link: Link | None = None
        self._lock = threading.RLock()
        self._closing = threading.Event()

    def clock(self) -> float:
        """Return the time that deadlines are on, in seconds."""
        return time.monotonic() if self._own_clock is None else self._own_clock()

    def connect(self) -> Self:
        """Connect, unless there is a connection. A new connection is not logged in.

        Raises:
            ConnectError: no connection came about.
            ConfigurationError: the file for the trace cannot be written.
        """
        with self._lock:
            if not self.connected:
                for cycler in (self, self._for_files()):
                    cycler._closing.clear()
                self._open(Open(self.clock() + self.connect_timeout_s))
                for standing in self._standings:
                    standing.open()
            return self

    def close(self) -> None:
        """Close the connection. A call that waits in another thread ends with an error."""
        for standing in self._standings:
            standing.close()
        self._closing.set()
        link = self._link
        if link is not None:
            link.close()
        with self._lock:
            self._drop("the connection was closed")
        if self._files is not None:
            self._files.close()
        if self._trace is not None:
            self._trace.close()

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def channel(self, number: int) -> Channel:
        """Return one channel.

        Args:
            number: its number, from 1.

        Raises:
            ConfigurationError: it is no number of a channel, or the cycler has fewer.
        """
        return Channel(self, number)

    login = _method(calls.login)
    allow_takeover = _method(calls.allow_takeover)
    channels = _method(calls.channels)
    start = _method(calls.start)
    stop_all = _method(calls.stop_all)
    assign = _method(many.assign)
    stop = _method(many.stop)
    resume = _method(many.resume)
    continue_ = _method(many.continue_)
    update_mvs = _method(variables.update_many)
    set_mvs_time_sensitive = _method(variables.set_many_time_sensitive)
    read_serial_number = _method(details.read_serial_number)
    software_version = _method(details.software_version)
    start_data = _method(details.start_data)
    resume_data = _method(details.resume_data)
    set_log_interval = _method(details.set_log_interval)
    update_parameters = _method(details.update_parameters)
    resolve = _method(resolving.resolve)
    browse = _files_method(files.browse)
    download = _files_method(files.download)
    upload = _files_method(files.upload)
    new_folder = _files_method(files.new_folder)
    delete = _files_method(files.delete)

    def request(self, message: Request[F], timeout_s: float | None = None) -> F:
        cycler = self._for(message)
        return cycler._run(calls.request(cycler, message, timeout_s))

    def request_all(self, message: Request[F], timeout_s: float | None = None) -> list[F]:
        cycler = self._for(message)
        return cycler._run(calls.request_all(cycler, message, timeout_s))

    document(request, calls.request, "{}")
    document(request_all, calls.request_all, "{}")

    def _run(self, call: Call[T]) -> T:
        """Do what a call yields, and return what it returns."""
        with self._lock:
            try:
                step = next(call)
                while True:
                    try:
                        came = self._do(step)
                    except ConnectError as error:
                        step = call.throw(error)
                    else:
                        step = call.send(came)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                call.close()

    def _do(self, step: Step) -> bool:
        """Do one step; tell whether bytes came."""
        if isinstance(step, Send):
            self._write(step)
        elif isinstance(step, Open):
            self._open(step)
        elif isinstance(step, Sleep):
            seconds = max(step.until - self.clock(), 0.0)
            if self._own_clock is None:
                self._closing.wait(seconds)
            else:
                self._own_clock.sleep(seconds)
        else:
            return self._wait(step.until)
        return False

    def _open(self, step: Open) -> None:
        self._release()
        seconds = max(step.until - self.clock(), 0.001)
        if self._closing.is_set():
            raise ConnectError(f"no connection to {self.address}: it was closed")
        try:
            self._link = self._connector(self.host, self.port, seconds)
        except (OSError, UnicodeError) as error:
            raise no_connection(self.address, self.host, error, seconds) from error
        self._own_clock = clock_of(self._link)
        try:
            self._begin_session()
        except ConfigurationError:
            self._release()
            raise

    def _write(self, send: Send) -> None:
        if self._link is None:
            return
        try:
            self._link.send(send.data, max(send.until - self.clock(), 0.001))
        except OSError as error:
            # Part of it may have gone out, so that nothing more can be said on this connection.
            self._drop(why_lost(error))

    def _wait(self, until: float) -> bool:
        """Read once, for as long as that may take; tell whether bytes came."""
        session = self.session
        if self._link is None:
            return False
        try:
            data = self._link.receive(max(until - self.clock(), 0.0))
        except TimeoutError:
            session.expire()
            return False
        except OSError as error:
            self._drop(why_lost(error))
            return False
        if data:
            session.receive(data)
            session.expire()
        else:
            self._drop(why_lost(None))
        return bool(data)

    def _drop(self, reason: str) -> None:
        self._end_session(reason)
        self._release()

    def _release(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
