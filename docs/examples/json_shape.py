"""Write a message as JSON, and build its frame from that again."""

import json

import cti_schema
from cti_schema.derive.jsonform import decoded_to_json, encode_json
from cti_schema.messages.start_schedule import StartSchedule

message = StartSchedule(test_name="cell 7", channel_indices=[3])
frame = bytearray(cti_schema.encode(message))
# Bytes behind the end of the text: they are no part of it, but they were sent.
frame[40:44] = b"ABCD"
frame[-2:] = (sum(frame[:-2]) & 0xFFFF).to_bytes(2, "little")

shape = decoded_to_json(cti_schema.decode(bytes(frame), strict=False))
print(json.dumps(shape, indent=2))
print("the same bytes again:", encode_json(shape) == frame)
