"""Fixtures for tests of programs that talk CTI. Importing this costs nothing: pytest does it in every run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from typing import Unpack

    from spoofer.device import Device
    from spoofer.server import Spoofer
    from spoofer.serving.shared import Options


class SpooferFactory(Protocol):
    """Starts spoofers that end with the test."""

    def __call__(self, device: Device | None = None, **options: Unpack[Options]) -> Spoofer:
        """Start a spoofer on a free port, and return it; the arguments are those of `spoofer.running`."""


@pytest.fixture
def cti_spoofer_factory() -> Iterator[SpooferFactory]:
    """Start spoofers, each in a thread of its own: ``cti_spoofer_factory(device, users=..., faults=...)``.

    They listen on free ports (``.port``), keep a journal (``.journal``), and are closed when the test ends.
    """
    with ExitStack() as stack:

        def start(device: Device | None = None, **options: Any) -> Spoofer:
            from spoofer.journal import Journal
            from spoofer.server import running

            options.setdefault("journal", Journal())
            return stack.enter_context(running(device, **options))

        yield start


@pytest.fixture
def cti_spoofer(cti_spoofer_factory: SpooferFactory) -> Spoofer:
    """A cycler of 16 channels that listens on ``.host`` and ``.port``; see `spoofer.Spoofer`."""
    return cti_spoofer_factory()
