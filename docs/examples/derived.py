"""What is derived from the example message, without another line of code about it."""

import cti_schema
from cti_schema.derive.defaults import default_reply
from cti_schema.derive.tree import tree
from cti_schema.registry import registry
from cti_schema.wire.codec import inspect

from messages import blink_channels
from messages.blink_channels import BlinkChannels, Lamp

registry().load_module(blink_channels)

request = BlinkChannels(
    note="here",
    lamps=[Lamp(channel_index=3, seconds=2.5), Lamp(channel_index=4, seconds=1.0)],
)
frame = cti_schema.encode(request)
print("decodes to what was encoded:", cti_schema.decode(frame) == request)

print("\nits plain answer, one feedback for each lamp:")
for feedback in default_reply(request):
    print(" ", feedback)

print("\nthe tree with offsets:")
for node in tree(inspect(frame)):
    name = "  " * node.depth + node.name
    shown = f"{node.value} {node.unit} {node.meaning}"
    print(f"{node.offset:4} {node.length:4}  {name:20} {shown}".rstrip())
