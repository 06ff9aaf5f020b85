"""`cti_schema.messages` is a function and a package: the call works whatever was imported before."""

from __future__ import annotations

import cti_schema
from cti_schema.messages.stop_schedule import StopSchedule
from cti_schema.registry import registry


def test_the_messages_can_be_asked_for_after_their_package_was_imported() -> None:
    found = cti_schema.messages()
    assert found == list(registry())
    assert StopSchedule in found
    assert cti_schema.messages() == found
