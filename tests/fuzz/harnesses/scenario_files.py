"""Scenario files: any bytes are a scenario or a `ScenarioError` with a sentence; one of few channels runs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.harnesses.running import EXAMPLES, instrumented, run, told

with instrumented(__name__, "spoofer.scenario", "spoofer.tables", "spoofer.faulting.fault"):
    from cti_schema.errors import ConfigurationError, ScenarioError
    from spoofer.scenario import DEVICE, EVENT, READINGS, SECTIONS, USER, Scenario
    from spoofer.tables import parse, placed

from spoofer.faulting.fault import KEYS
from spoofer.faulting.fault_kinds import KINDS
from spoofer.faulting.happenings import HAPPENINGS
from spoofer.memory import VirtualClock

#: A device of more channels takes long to make, and is not other than one of these.
MOST_CHANNELS = 64


def one_input(data: bytes) -> None:
    """The input is the file."""
    try:
        tables, text = parse(data, "lab.toml")
        try:
            scenario = Scenario.from_dict(tables, folder=EXAMPLES)
        except ScenarioError as error:
            # As `Scenario.load` tells it.
            wrong = placed(error, "lab.toml", text)
            assert wrong.line is None or 1 <= wrong.line <= text.count("\n") + 1
            assert str(wrong).startswith("lab.toml")
            return
    except ScenarioError as error:
        told(error)
        return
    if scenario.device.get("channels", 16) <= MOST_CHANNELS and "folder" not in scenario.device:
        try:
            device = scenario.make_device(clock=VirtualClock())
        except ConfigurationError as error:
            told(error)
        else:
            assert len(device.readings()) == device.channel_count


def words() -> list[str]:
    """Return every key, choice and table of a scenario."""
    keys = [*DEVICE, *USER, *EVENT, *READINGS, *KEYS]
    keys += [key for kind in (*KINDS.values(), *HAPPENINGS.values()) for key in kind.keys]
    names = {name for key in keys for name in (key.name, *key.choices)}
    return [*sorted(names), *(f"[{name}]" for name in SECTIONS), *(f"[[{name}]]" for name in SECTIONS)]


def seeds() -> Iterator[bytes]:
    """The example of the documentation, and small files with every table and every kind of fault."""
    for file in sorted(EXAMPLES.glob("*.toml")):
        yield file.read_bytes()
    yield b'[device]\nchannels = 3\npersonality = "pro8"\n[users.ann]\npassword = "x"\n'
    yield b'[[events]]\nat_s = 1.0\nwhat = "unsafe"\n'
    yield b"[[readings]]\nchannel = 1\nvoltage_v = [[0, 1], [5, 2]]\n"
    yield b"\xef\xbb\xbf[device]\r\nspeed = 1e3\r\n"
    for name in sorted(KINDS):
        yield f'[[faults]]\nkind = "{name}"\nprobability = 0.5\ncount = 2\n'.encode()


if __name__ == "__main__":
    run(one_input, seeds, words())
