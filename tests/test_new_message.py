"""One new file gives everything: codec, JSON, emulator's reply, dump, test data, page, command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

DECLARATION = '''
"""Ask how warm the cabinet is."""

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


class CabinetResult(f.ResultCode):
    """Outcome of asking."""

    SUCCESS = 0, "measured"
    NO_SENSOR = 16, "there is no such sensor"


@record
class Sensor(Record):
    """One sensor."""

    temperature_degc: float = f.f32(unit="degC", doc="temperature of the air")
    label: str = f.utf16(8)


@feedback(0xBB7F0001)
class CabinetTemperatureFeedback(Feedback):
    """Temperatures of the cabinet."""

    cabinet: int = f.u16(doc="number of the cabinet")
    result: CabinetResult = f.enum(f.u8, CabinetResult)
    sensor_count = f.count(f.u8)
    reserved = f.reserved(4)
    sensors: list[Sensor] = f.array(Sensor, sensor_count)


@request(0xBBF70001, effect=QUERY, echo={"cabinet": "cabinet"})
class CabinetTemperature(Request[CabinetTemperatureFeedback]):
    """Ask how warm the cabinet is."""

    cabinet: int = f.u16(doc="number of the cabinet")
'''

USE = """
import json
import sys
from pathlib import Path

from hypothesis import find, settings

from cti_schema import decode, encode
from cti_schema.derive import layout, reference, strategies
from cti_schema.derive.jsonform import decoded_to_json, encode_json
from cti_schema.derive.tree import tree
from cti_schema.registry import registry
from cti_schema.wire.codec import inspect
from spoofer import Connection, Device

registry().load_folder(Path(sys.argv[1]))
request = registry().by_name("cabinet_temperature")(cabinet=7)
feedback_class = registry().by_name("cabinet_temperature_feedback")
drawn = find(
    strategies.messages(feedback_class), lambda one: len(one.sensors) == 2, settings=settings(database=None)
)
answer = encode(drawn)
print(json.dumps({
    "frame": encode(request).hex(),
    "decoded": repr(decode(encode(request))),
    "json": decoded_to_json(inspect(encode(request))),
    "exact": encode_json(decoded_to_json(inspect(answer))) == answer,
    "drawn": decode(answer) == drawn,
    "tree": [[node.name, node.offset, node.length, node.unit] for node in tree(inspect(answer))],
    "layout": [[row.offset, row.name, row.type] for row in layout.rows(feedback_class.spec)],
    "reply": Connection(Device(channels=1)).receive(encode(request)).hex(),
    "page": reference.page("cabinet", reference.commands()["cabinet"]),
    "construct": dict(feedback_class.struct.parse(bytes.fromhex("0700100000000000")), _io=None)["cabinet"],
}))
"""


def run(*command: str, stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_file_is_enough(tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    (folder / "cabinet.py").write_text(DECLARATION)
    (tmp_path / "use.py").write_text(USE)
    seen = json.loads(run(sys.executable, str(tmp_path / "use.py"), str(folder)))

    # token, length 12, code, extended code, cabinet 7, checksum
    assert seen["frame"] == "dddddddddddddd11" + "0c000000" + "0100f7bb" + "00000000" + "0700" + "e207"
    assert seen["decoded"] == "CabinetTemperature(cabinet=7)"
    assert seen["json"] == {
        "message": "cabinet_temperature",
        "direction": "request",
        "code": "0xBBF70001",
        "fields": {"cabinet": 7},
    }
    assert seen["exact"]
    assert seen["drawn"]
    assert seen["construct"] == 7
    # the emulator repeats what is echoed, reports success, and has no sensors
    assert (
        seen["reply"]
        == "dddddddddddddd11" + "1e000000" + "01007fbb" + "00000000" + "0700000000000000" + "7c07"
    )
    assert [name for name, *_ in seen["tree"]] == [
        "token", "length", "code", "extended_code", "cabinet", "result", "sensor_count", "reserved",
        "sensors", "[0]", "temperature_degc", "label", "[1]", "temperature_degc", "label", "checksum",
    ]  # fmt: skip
    assert ["temperature_degc", 28, 4, "degC"] in seen["tree"]
    assert seen["layout"] == [
        [20, "cabinet", "u16"],
        [22, "result", "u8"],
        [23, "sensor_count", "u8, count of sensors"],
        [24, "reserved", "reserved[4]"],
        [28, "sensors", "record sensor, sensor_count times"],
        [0, "temperature_degc", "f32"],
        [4, "label", "utf16[8]"],
    ]
    assert "Feedback `cabinet_temperature_feedback`" in seen["page"]
    assert "| `16` | `no_sensor` | there is no such sensor |" in seen["page"].replace("\\", "")


def test_the_command_line_takes_it_too(tmp_path: Path) -> None:
    (tmp_path / "cabinet.py").write_text(DECLARATION)
    cti = (sys.executable, "-m", "cti_client.cli", "--messages", str(tmp_path))
    line = run(*cti, "encode", stdin='{"message": "cabinet_temperature", "fields": {"cabinet": 7}}\n').strip()
    assert line == "dddddddddddddd110c0000000100f7bb000000000700e207"
    assert json.loads(run(*cti, "decode", stdin=line))["fields"] == {"cabinet": 7}
    assert "temperature_degc" in run(*cti, "messages", "cabinet_temperature_feedback")


def test_a_wrong_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "cabinet.py").write_text(DECLARATION.replace("sensor_count)", "no_such_count)"))
    done = subprocess.run(
        [sys.executable, "-m", "cti_client.cli", "--messages", str(tmp_path), "messages"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cabinet.py does not import: NameError: name 'no_such_count' is not defined" in done.stderr
