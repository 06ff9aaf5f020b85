"""The values of many frames at once, as numpy arrays and as an Arrow table."""

import cti_schema
from cti_schema.columns import columns
from cti_schema.derive.defaults import default
from cti_schema.messages.get_channels_info import Channel, GetChannelsInfoFeedback

frames = [
    cti_schema.encode(
        GetChannelsInfoFeedback(
            channels=[
                default(
                    Channel,
                    channel_index=index,
                    test_name=f"cell {index}",
                    voltage_v=3.5 + second / 4,
                )
                for index in range(8)
            ]
        )
    )
    for second in range(4)
]
damaged = frames[2][:-1] + b"\xff"  # its checksum is wrong, its values are there

found = columns([*frames, damaged], GetChannelsInfoFeedback)
voltage = found["channels.voltage_v"].values
print(
    len(found),
    "frames,",
    len(voltage),
    "channels, voltage_v",
    voltage.min(),
    "to",
    voltage.max(),
    "V",
)
names = found["channels.test_name"]
print(
    len(names.codes),
    "names, of which",
    len(names.words),
    "are distinct:",
    names.words[:3],
)
print("problems:", dict(found.problems), "in the frames", list(found.damaged))

table = found.arrow("channels")
print(
    table.num_rows,
    "rows:",
    table.select(["frame", "channel_index", "voltage_v"]).slice(9, 1).to_pylist(),
)
