"""Ask the declarations: which requests change something, and how they are answered."""

import cti_schema
from cti_schema.message import CONTROL
from cti_schema.registry import registry

for message in cti_schema.messages():
    spec = message.spec
    if spec.effect is CONTROL and spec.port == 9032:
        print(f"{spec.name:20} 0x{spec.code:08X}  {spec.answers}")

stop = registry().by_name("stop_schedule").spec
print([(kind.name, type(kind).__name__, kind.size()) for kind in stop.layout])
print([answer.spec.name for answer in stop.feedbacks], dict(stop.echo))
