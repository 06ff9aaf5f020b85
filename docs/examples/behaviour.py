"""Teach the spoofer a request: a function from device and request to feedbacks."""

from collections.abc import Sequence

import spoofer
from cti_client import Cycler
from cti_schema.registry import registry

from messages import blink_channels
from messages.blink_channels import (
    BlinkChannels,
    BlinkChannelsFeedback,
    BlinkResult,
    Lamp,
)

registry().load_module(blink_channels)
request = BlinkChannels(
    note="here",
    lamps=[Lamp(channel_index=0, seconds=2.0), Lamp(channel_index=9, seconds=2.0)],
)

with (
    spoofer.running(spoofer.Device(channels=4)) as there,
    Cycler("127.0.0.1", there.port) as cycler,
):
    cycler.login("somebody", "a password")
    for feedback in cycler.request_all(request):
        print("before:", feedback.channel_index, feedback.result.meaning)

    @spoofer.reply_to(BlinkChannels)
    def blink(
        device: spoofer.Device, session: spoofer.Session, request: BlinkChannels
    ) -> Sequence[BlinkChannelsFeedback]:
        return [
            BlinkChannelsFeedback(
                channel_index=lamp.channel_index,
                result=BlinkResult.SUCCESS
                if device.channel(lamp.channel_index)
                else BlinkResult.CHANNEL_INDEX,
            )
            for lamp in request.lamps
        ]

    for feedback in cycler.request_all(request):
        print("after:", feedback.channel_index, feedback.result.meaning)
