"""Writes a finding down as a file for pytest that needs nothing of the campaign: bytes and `cti_schema`."""

from __future__ import annotations

import re
import textwrap
from importlib import resources
from pprint import pformat
from typing import Any, Final

from cti_schema.wire.frame import TOKEN
from spoofer.fuzz.case import Case, Expect, Part
from spoofer.fuzz.failure import LOG, Kind
from spoofer.fuzz.report import Finding
from spoofer.fuzz.target import Target
from spoofer.fuzz.wanted import Wanted

_WIDTH: Final = 100

#: So many runs of zeros are written as such.
_RUNS: Final = 20


def source(finding: Finding, case: Case, target: Target) -> str:
    """Return the Python source of a test that fails as long as the server does what was found."""
    text = resources.files("spoofer.fuzz").joinpath("standing_alone.py").read_text(encoding="utf-8")
    begin, answers, memory = re.split(r"\n# ---- \w+\n", text)
    parts = [part for step in case.steps for part in step.parts]
    fence = target.fence_for(parts).part
    grows = finding.kind == Kind.MEMORY.text
    logged = finding.kind == Kind.CRASH.text and finding.explanation.startswith(LOG)
    found = begin + (memory if grows else answers)
    found = f'"""{_doc(finding)}\n"""\n' + found[found.index('"""\n') + 4 :]
    values = {
        "STEPS": _steps(case),
        "LOGIN": repr(case.login),
        "UNREAD": repr(any(not step.read for step in case.steps)),
        "READ": _bytes(target.read),
        "WANTED": pformat(
            [_wanted(part, target) for part in [*parts, fence]], width=_WIDTH, sort_dicts=False
        ),
        "FENCE": _bytes(fence.data),
        "CLEAN": repr(finding.kind == Kind.STALE.text),
        "OPEN": repr(logged),
    }
    for name, value in values.items():
        found = _set(found, name, value)
    return re.sub(r"def test_\w+", f"def test_{finding.name}", found)


def _set(text: str, name: str, value: str) -> str:
    found = re.search(rf"(?m)^{name}(: .*)? = .*$", text)
    if found is None:
        return text
    return f"{text[: found.start()]}{name}{found[1] or ''} = {value}{text[found.end() :]}"


def _doc(finding: Finding) -> str:
    lines = [
        f"{finding.kind}: {finding.message} with {finding.mutation} ({finding.detail}).",
        "",
        finding.explanation,
        "",
        f"Found as case {finding.case} of the seed {finding.seed}. Run it against a server here with "
        f"`CTI_PORT=9031 pytest test_{finding.name}.py`. CTI_HOST, CTI_USER, CTI_PASSWORD and CTI_TIMEOUT "
        "(seconds) are 127.0.0.1, cti, nothing and 2 where they are not set.",
    ]
    safe = [line.encode("unicode_escape").decode("ascii").replace('"', "'") for line in lines]
    return "\n".join(part for line in safe for part in textwrap.wrap(line, _WIDTH) or [""])


def _steps(case: Case) -> str:
    steps = "".join(f"    [\n{''.join(_send(one) for one in step.segments)}    ],\n" for step in case.steps)
    return f"[\n{steps}]"


def _send(segment: bytes) -> str:
    return f"        {_bytes(segment, 8)},\n"


def _bytes(data: bytes, indent: int = 0) -> str:
    """Return an expression for bytes; long runs of zeros are written as such."""
    space = " " * (indent + 4)
    pieces = []
    for at, run in enumerate(re.split(rb"(\x00{24,})", data, maxsplit=_RUNS)):
        if at % 2:
            pieces.append(f"bytes({len(run)})")
        elif run:
            lines = [f'"{run[start : start + 40].hex()}"' for start in range(0, len(run), 40)]
            # Texts side by side are one text: a sum of many would be nested too deeply.
            inner = f"\n{space}    ".join(lines)
            pieces.append(
                f"bytes.fromhex({lines[0]})"
                if len(lines) == 1
                else f"bytes.fromhex(\n{space}    {inner}\n{space})"
            )
    if len(pieces) <= 1:
        return pieces[0] if pieces else 'b""'
    whole = "\n".join(f"{space}{'+ ' if number else ''}{piece}" for number, piece in enumerate(pieces))
    return f"(\n{whole}\n{' ' * indent})"


def _wanted(part: Part, target: Target) -> dict[str, Any]:
    anything = part.request is None and part.expect is Expect.ANYTHING and TOKEN in part.data
    wanted = Wanted(part.request, target.channel_count).as_data()
    return {"expect": part.expect.value, "anything": anything, **wanted}


def _literal(value: Any) -> str:
    return pformat(value, width=_WIDTH, sort_dicts=False)
