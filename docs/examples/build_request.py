"""Build a request; a value that does not fit is an error, and nothing is cut off."""

import cti_schema
from cti_schema.errors import EncodeError
from cti_schema.messages.start_schedule import StartSchedule

message = StartSchedule(test_name="cell 7, formation", channel_indices=[3, 4])
frame = cti_schema.encode(message)
print(len(frame), "bytes, beginning with", frame[:20].hex(" ", 4))

try:
    cti_schema.encode(StartSchedule(test_name="x" * 73, channel_indices=[3]))
except EncodeError as error:
    print(error)
