"""Many cyclers at once, each on a connection of its own: what happens to one delays and harms no other.

::

    async with Fleet.load("lab.toml") as fleet:
        for name, answer in (await fleet.status()).items():
            print(name, answer.error or len(answer.result()))

A cycler is connected to when it is first asked, and again when it is asked after its connection ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from cti_client.aio import Cycler
from cti_client.credentials import Credentials, Secret
from cti_client.fleet_file import Place, read_fleet
from cti_client.peer import valid_timeout
from cti_client.readings import Reading
from cti_client.trace import Tap, Trace
from cti_schema.errors import ConfigurationError, CTIError, DifferentCycler, LoginRefused, UnknownNameError
from cti_schema.message import Direction

__all__ = ["Answer", "Fleet", "Place", "read_fleet"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of asking one cycler.

    Attributes:
        cycler: its name in the fleet.
        value: the result, or ``None`` where there is an error.
        error: what went wrong, or ``None``.
    """

    cycler: str
    value: T | None = None
    error: CTIError | None = None

    @property
    def ok(self) -> bool:
        """Whether it worked."""
        return self.error is None

    def result(self) -> T:
        """Return the result.

        Raises:
            CTIError: whatever went wrong.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]


class Fleet:
    """Cyclers, each on a connection of its own.

    Use it in an ``async with`` statement, which closes the connections at its end.

    Args:
        places: where the cyclers are; all with a user.
        passwords: the password for each, by the cycler's name.
        timeout_s: seconds that an answer may take.
        connect_timeout_s: seconds that a connection may take.
        trace: file to record all conversations in, as a capture for `cti dump`; without passwords.

    Attributes:
        places: where the cyclers are, by name.

    Raises:
        ConfigurationError: two cyclers have one name, or one has no user or no password.
    """

    def __init__(
        self,
        places: Iterable[Place],
        passwords: Mapping[str, Secret],
        *,
        timeout_s: float = 10.0,
        connect_timeout_s: float = 5.0,
        trace: Path | str | None = None,
    ) -> None:
        self._trace = None if trace is None else Trace(trace)
        self.places: dict[str, Place] = {}
        self._members: dict[str, _Member] = {}
        for place in places:
            if place.name in self.places:
                raise ConfigurationError(f"two cyclers are called {place.name!r}")
            if place.user is None:
                raise ConfigurationError(f"{place.name}: no user name")
            if place.name not in passwords:
                raise ConfigurationError(f"{place.name}: no password of {place.user!r}")
            self.places[place.name] = place
            self._members[place.name] = _Member(
                place, passwords[place.name], timeout_s, connect_timeout_s, self._trace
            )

    @classmethod
    def load(
        cls,
        file: Path | str,
        credentials: Credentials | None = None,
        *,
        timeout_s: float = 10.0,
        connect_timeout_s: float = 5.0,
        trace: Path | str | None = None,
    ) -> Self:
        """Return the fleet of a file.

        Args:
            file: see `cti_client.fleet_file`.
            credentials: where the passwords come from; by default from ``CTI_PASSWORD``.
            timeout_s: seconds that an answer may take.
            connect_timeout_s: seconds that a connection may take.
            trace: file to record all conversations in.

        Raises:
            ConfigurationError: something is wrong in the file, or a user name or a password is missing.
        """
        credentials = credentials or Credentials()
        places = read_fleet(file)
        passwords = {}
        for place in places:
            password = credentials.password(place.user or "", place.host, place.name)
            if password is not None:
                passwords[place.name] = password
        return cls(places, passwords, timeout_s=timeout_s, connect_timeout_s=connect_timeout_s, trace=trace)

    @property
    def names(self) -> list[str]:
        """The cyclers' names, in the order given."""
        return list(self.places)

    async def cycler(self, name: str) -> Cycler:
        """Return a cycler, connected and logged in.

        Args:
            name: its name in the fleet.

        Raises:
            ConfigurationError: there is none of that name.
            ClientError: no connection came about, or the cycler refused the login. A refused login
                is not tried again, so that no account gets locked.
        """
        if name not in self._members:
            raise ConfigurationError(str(UnknownNameError("cycler", name, self._members)))
        return await self._members[name].ready()

    async def each(
        self, act: Callable[[str, Cycler], Awaitable[T]], names: Iterable[str] | None = None
    ) -> AsyncIterator[Answer[T]]:
        """Do something with every cycler at the same time, and yield what came of it as it comes.

        Args:
            act: what to do with a cycler; gets its name and itself, connected and logged in.
            names: of the cyclers, where not all are meant.
        """
        chosen = self.names if names is None else list(dict.fromkeys(names))
        tasks = [asyncio.create_task(self._answer(name, act)) for name in chosen]
        try:
            for answered in asyncio.as_completed(tasks):
                yield await answered
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def status(self) -> dict[str, Answer[list[Reading]]]:
        """Read all channels of all cyclers, and return what came of it by the cyclers' names.

        It takes as long as the slowest cycler; see `each` for not waiting for that one.
        """
        answers = self.each(lambda name, cycler: cycler.channels())
        found = {answer.cycler: answer async for answer in answers}
        return {name: found[name] for name in self.names}

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(member.close() for member in self._members.values()))
        if self._trace is not None:
            self._trace.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _answer(self, name: str, act: Callable[[str, Cycler], Awaitable[T]]) -> Answer[T]:
        try:
            return Answer(name, await act(name, await self.cycler(name)))
        except CTIError as error:
            return Answer(name, error=error)

    def __repr__(self) -> str:
        return f"<fleet of {', '.join(self.names)}>"


class _Member:
    """One cycler of a fleet, and how to get into it: each time on a new connection."""

    def __init__(
        self,
        place: Place,
        password: Secret,
        timeout_s: float,
        connect_timeout_s: float,
        trace: Trace | None,
    ) -> None:
        self._place = place
        self._password = password
        self._timeout_s = valid_timeout(timeout_s)
        self._connect_timeout_s = valid_timeout(connect_timeout_s)
        self._trace = trace
        self._cycler: Cycler | None = None
        self._serial_number = ""
        self._refused: LoginRefused | None = None
        self._lock = asyncio.Lock()

    async def ready(self) -> Cycler:
        """Return the cycler, connected and logged in; one at a time gets it there."""
        async with self._lock:
            if self._cycler is None or not self._cycler.connected:
                await self.close()
                self._cycler = await self._log_in()
            return self._cycler

    async def close(self) -> None:
        """Close the connection, if there is one."""
        cycler, self._cycler = self._cycler, None
        if cycler is not None:
            await cycler.close()

    async def _log_in(self) -> Cycler:
        if self._refused is not None:
            raise LoginRefused(str(self._refused), self._refused.result)
        place = self._place
        tap = None if self._trace is None else _recorder(self._trace, place)
        cycler = Cycler(
            place.host,
            place.port,
            timeout_s=self._timeout_s,
            connect_timeout_s=self._connect_timeout_s,
            tap=tap,
        )
        await cycler.connect()
        try:
            await cycler.login(place.user or "", self._password.reveal())
            known, found = self._serial_number, cycler.serial_number
            if known and found != known:
                raise DifferentCycler(
                    f"{place.address} is another cycler now: its serial number was {known!r}, "
                    f"and is {found!r}; the connection was closed",
                    known,
                    found,
                )
            self._serial_number = found
        except BaseException as error:
            if isinstance(error, LoginRefused):
                self._refused = error
            await cycler.close()
            raise
        return cycler


def _recorder(trace: Trace, place: Place) -> Tap:
    """Return what records a connection from its first bytes on."""
    recorder: list[Tap] = []

    def tap(direction: Direction, data: bytes) -> None:
        if not recorder:
            recorder.append(trace.connection(place.host, place.port))
        recorder[0](direction, data)

    return tap
