"""The client for asyncio: the calls of `cti_client.calls`, driven by the event loop.

Nothing about messages is decided here. Calls may run at the same time; those whose feedbacks could be
taken for each other's wait for their turn, unsent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Final, Self

from cti_client import aio_link, calls, details, files, many, resolving, variables
from cti_client.aio_closed_loop import ClosedLoop
from cti_client.aio_link import AsyncConnector
from cti_client.connecting import AsyncLink, clock_of, no_connection, why_lost
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
from cti_client.session import Session
from cti_client.shell import Shell, Tap
from cti_schema.errors import ConfigurationError, ConnectError
from cti_schema.message import Request

__all__ = ["Channel", "Cycler"]

log: Final = logging.getLogger("cti_client.aio")

#: How long the pump waits before it waits again.
_PATIENCE_S: Final = 3600.0

#: Rounds of the event loop after which calls have done what they can without waiting.
_SETTLED: Final = 10


def _method(
    call: Callable[Concatenate[S, P], Call[T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a method of a call."""

    async def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        cycler = self.cycler if isinstance(self, ChannelPeer) else self
        assert isinstance(cycler, Cycler)
        return await cycler._run(call(self, *args, **kwargs))

    document(method, call, "{}")
    return method


def _files_method(
    call: Callable[Concatenate[Peer, P], Call[T]],
) -> Callable[Concatenate[Cycler, P], Coroutine[Any, Any, T]]:
    """Make a method of a call that goes over the connection for files."""

    async def method(self: Cycler, /, *args: P.args, **kwargs: P.kwargs) -> T:
        cycler = self._for_files()
        return await cycler._run(call(cycler, *args, **kwargs))

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


class Cycler(Shell[AsyncConnector]):
    """A cycler, talked to over TCP from an event loop.

    Use it in an ``async with`` statement, which connects and closes, or await `connect` and `close`.

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
        connector: AsyncConnector = aio_link.connect,
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
        self._link: AsyncLink | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._happened = asyncio.Event()
        self._untils: list[float] = []  # what calls wait until, on a link's own clock
        self._waited = asyncio.Event()

    def clock(self) -> float:
        """Return the time that deadlines are on, in seconds."""
        return asyncio.get_running_loop().time() if self._own_clock is None else self._own_clock()

    async def connect(self) -> Self:
        """Connect, unless there is a connection. A new connection is not logged in.

        Raises:
            ConnectError: no connection came about.
            ConfigurationError: the file for the trace cannot be written.
        """
        if not self.connected:
            await self._open(Open(self.clock() + self.connect_timeout_s))
            for standing in self._standings:
                standing.open()
        return self

    async def close(self) -> None:
        """Close the connection. Calls that wait end with an error."""
        for standing in self._standings:
            standing.close()
        pumping = self._pumping
        self._drop("the connection was closed")
        if pumping is not None:
            await asyncio.wait([pumping])
        if self._files is not None:
            await self._files.close()
        if self._trace is not None:
            self._trace.close()

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

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

    async def request(self, message: Request[F], timeout_s: float | None = None) -> F:
        cycler = self._for(message)
        return await cycler._run(calls.request(cycler, message, timeout_s))

    async def request_all(self, message: Request[F], timeout_s: float | None = None) -> list[F]:
        cycler = self._for(message)
        return await cycler._run(calls.request_all(cycler, message, timeout_s))

    document(request, calls.request, "{}")
    document(request_all, calls.request_all, "{}")

    async def _run(self, call: Call[T]) -> T:
        """Do what a call yields, and return what it returns."""
        try:
            step = next(call)
            while True:
                try:
                    came = await self._do(step)
                except ConnectError as error:
                    step = call.throw(error)
                else:
                    step = call.send(came)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            call.close()

    async def _do(self, step: Step) -> bool:
        """Do one step; tell whether something happened."""
        if isinstance(step, Send):
            await self._write(step)
        elif isinstance(step, Open):
            await self._open(step)
        elif isinstance(step, Sleep):
            seconds = max(step.until - self.clock(), 0.0)
            if self._own_clock is not None:
                self._own_clock.sleep(seconds)
                seconds = 0.0
            await asyncio.sleep(seconds)
        else:
            return await self._wait(step.until)
        return False

    async def _open(self, step: Open) -> None:
        seconds = max(step.until - self.clock(), 0.001)
        try:
            link = await self._connector(self.host, self.port, seconds)
        except (OSError, UnicodeError) as error:
            raise no_connection(self.address, self.host, error, seconds) from error
        self._own_clock = clock_of(link)
        try:
            session = self._begin_session()
        except ConfigurationError:
            await link.close()
            raise
        self._link = link
        self._pumping = asyncio.create_task(self._pump(link, session))

    async def _pump(self, link: AsyncLink, session: Session) -> None:
        """Take what comes, for as long as the connection lasts; then end it."""
        lost: Exception | None = None
        try:
            while True:
                try:
                    data = await link.receive(await self._patience())
                except TimeoutError:
                    session.expire()
                    self._wake()
                    continue
                if not data:
                    break
                session.receive(data)
                self._wake()
        except OSError as error:
            lost = error
        finally:
            session.connection_lost(why_lost(lost))
            if session is self._session:
                self._end_session(session.closed)
            self._wake()
            await link.close()

    async def _patience(self) -> float:
        """Return how long the pump shall wait for bytes."""
        if self._own_clock is None:
            return _PATIENCE_S  # calls have timers
        # Time passes in the link alone, and only while a call waits. What can be done before is done before.
        for _ in range(_SETTLED):
            await asyncio.sleep(0)
        while not self._untils:
            self._waited.clear()
            await self._waited.wait()
        return max(min(self._untils) - self._own_clock(), 0.0)

    async def _write(self, send: Send) -> None:
        link, session = self._link, self.session
        if link is None:
            return
        try:
            await link.send(send.data, max(send.until - self.clock(), 0.001))
        except OSError as error:
            if session is self.session:
                self._drop(why_lost(error))
        except asyncio.CancelledError:
            # Part of it may have gone out, so that nothing more can be said on this connection.
            if session is self.session:
                self._drop("the connection was dropped, because a call was given up while it was sent")
            raise

    async def _wait(self, until: float) -> bool:
        """Wait until something happened; tell whether it did before that time."""
        happened, session = self._happened, self.session
        if until <= self.clock():
            for _ in range(3):  # once round for the system, once for the link, once for the pump
                await asyncio.sleep(0)
        elif self._own_clock is None:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await happened.wait()
        else:
            self._untils.append(until)
            self._waited.set()
            try:
                await happened.wait()
            finally:
                self._untils.remove(until)
        session.expire()
        return happened.is_set()

    def _wake(self) -> None:
        self._happened.set()
        self._happened = asyncio.Event()

    def _drop(self, reason: str) -> None:
        self._end_session(reason)
        pumping, self._pumping, self._link = self._pumping, None, None
        if pumping is not None:
            pumping.cancel()
        self._wake()
