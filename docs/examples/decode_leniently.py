"""Decode a damaged frame: strictly, which fails, and leniently, which says why."""

import cti_schema
from cti_schema.errors import DecodeError
from cti_schema.messages.start_schedule import StartSchedule

good = cti_schema.encode(StartSchedule(test_name="cell 7", channel_indices=[3, 4]))
damaged = bytearray(good)
damaged[164] = 9  # the count of channels: 9 instead of 2

try:
    cti_schema.decode(bytes(damaged))
except DecodeError as error:
    print(type(error).__name__, "-", error)

decoded = cti_schema.decode(bytes(damaged), strict=False)
print(decoded.message)
for problem in decoded.problems:
    print(problem.kind, "-", problem)
