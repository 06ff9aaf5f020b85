"""Tests with the fixtures of the spoofer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import spoofer
from cti_client import Cycler
from cti_schema.errors import LoginRefused

if TYPE_CHECKING:
    from spoofer.pytest_plugin import SpooferFactory

# Where the toolkit is installed, pytest finds the fixtures without this line.
pytest_plugins = ["spoofer.pytest_plugin"]


def test_what_was_asked(cti_spoofer: spoofer.Spoofer) -> None:
    with Cycler(cti_spoofer.host, cti_spoofer.port) as cycler:
        cycler.login("somebody", "a password")
        cycler.channel(2).assign("formation.sdx")
    entry = cti_spoofer.journal.wait_for("request", "assign_schedule")
    assert entry.as_json()["fields"]["schedule_name"] == "formation.sdx"


def test_a_channel_trips(cti_spoofer: spoofer.Spoofer) -> None:
    with Cycler(cti_spoofer.host, cti_spoofer.port) as cycler:
        cycler.login("somebody", "a password")
        cti_spoofer.call(cti_spoofer.device.trip, 1)  # the second channel
        assert cycler.channel(2).read().status.label == "unsafe"


def test_a_wrong_password(cti_spoofer_factory: SpooferFactory) -> None:
    there = cti_spoofer_factory(users={"anna": "secret"})
    with (
        Cycler(there.host, there.port) as cycler,
        pytest.raises(LoginRefused),
    ):
        cycler.login("anna", "wrong")
