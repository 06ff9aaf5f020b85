"""Cut a stream into frames, whatever it was split or merged into."""

import cti_schema
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.stop_schedule import StopSchedule

first = cti_schema.encode(StopSchedule(channel_index=0))
second = cti_schema.encode(GetChannelsInfo(channel_index=0))
stream = first[:50], first[50:] + b"noise" + second[:5], second[5:]

buffer = cti_schema.FrameBuffer("request")
for received in stream:
    for frame in buffer.feed(received):
        decoded = cti_schema.decode(frame, strict=False)
        print(
            frame.offset,
            len(frame),
            decoded.message.spec.name,
            [str(one) for one in decoded.problems],
        )
for frame in buffer.close():
    print("left over at the end of the stream:", len(frame), "bytes")
