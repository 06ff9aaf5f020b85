"""Decode one frame, look at its fields, and build it again."""

import cti_schema
from cti_schema.messages.stop_schedule import StopSchedule

frame = bytes.fromhex(
    "dddddddddddddd11 74000000 010031bb 00000000 0d000000 00" + 101 * "00" + "8a07"
)
message = cti_schema.decode(frame)
print(message)
print(message.spec.name, message.spec.direction.value, f"0x{message.spec.code:08X}")

# A check of the class tells type checkers, and editors, which fields there are.
if isinstance(message, StopSchedule):
    print("channel index", message.channel_index, "stop all", message.stop_all)

print("the same bytes again:", cti_schema.encode(message) == frame)
