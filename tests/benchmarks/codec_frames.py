"""The frames that the codecs are measured with, and what other programs need to read them."""

from __future__ import annotations

from typing import Any

from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.registry import registry

#: Auxiliary temperatures of each of many channels, so that the frame has 116 kB.
AUX = 7


def channel(index: int, aux: int = 0) -> Any:
    """Return a channel as a cycler at work has it."""
    feedback = registry().by_name("get_channels_info_feedback")
    (channels,) = (kind for kind in feedback.spec.layout if kind.name == "channels")
    layout: Any = channels.item.record  # type: ignore[attr-defined]
    reading: Any = layout.spec.field("aux_temperature").item.record
    return default(
        layout,
        channel_index=index,
        status=layout.spec.field("status").enum(4),
        schedule_name=f"Rest+20785{index}.sdx",
        test_name=f"cell_{index:03}",
        exit_condition="N/A",
        step_and_cycle=f"[{index + 1}] 1: Step_A, Rest",
        master_channel=index,
        test_time_s=2.5432 + index,
        step_time_s=2.5432,
        voltage_v=3.4564647674560547,
        current_a=1.25,
        power_w=4.3125,
        aux_temperature=[reading(value=25.5 + number, dt_value=0.0) for number in range(aux)],
    )


def make() -> dict[str, Any]:
    """Return the messages that are measured, by name."""
    by_name: Any = registry().by_name
    feedback = by_name("get_channels_info_feedback")
    return {
        "login": by_name("login")(username="admin", password="secret"),
        "stop": default(by_name("stop_schedule_feedback"), channel_index=13),
        "one": feedback(channels=[channel(13)]),
        "many": feedback(channels=[channel(index, AUX) for index in range(64)]),
    }


MESSAGES = make()
FRAMES = {name: encode(message) for name, message in MESSAGES.items()}
SIZES = {name: len(frame) for name, frame in FRAMES.items()}
