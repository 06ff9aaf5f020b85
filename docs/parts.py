"""The pieces of the documentation that are computed each time it is built: tables, help texts, outputs.

`write` fills a folder with Markdown and text that the pages include. Nothing computed is kept in the
repository, so that no page can say what the code no longer does.
"""

from __future__ import annotations

import csv
import inspect
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType

import click
import curves
import drawing
import dump_parts
import scenario_parts
import wrong_declarations

import spoofer
from cti_client.cli import cti
from cti_schema import answers, encode, fields, problems
from cti_schema.derive.reference import escape, first_line, table
from cti_schema.errors import DeclarationError
from cti_schema.messages.stop_schedule import StopSchedule

DOCS = Path(__file__).parent
EXAMPLES = DOCS / "examples"

#: Commands whose output is shown: name of the part -> arguments of `cti`.
COMMANDS: dict[str, list[str]] = {
    "messages_blink": ["--messages", "messages", "messages", "blink_channels"],
    "decode_stop": ["decode", "stop_schedule.hex"],
    "dump_stop": ["dump", "-v", "stop_schedule.hex"],
}

#: The tutorial's session with a spoofer, in this order: name of the part -> arguments, seconds before it.
SESSION: dict[str, tuple[list[str], float]] = {
    "session_assign": (["assign", "1-3", "formation.sdx"], 0.0),
    "session_start": (["start", "1-3", "monday"], 0.0),
    "session_status": (["status"], 60.0),
    "session_set_mv": (["set-mv", "2", "mv_ud1", "4.15"], 0.0),
    "session_json": (["status", "--channel", "2", "--json"], 0.0),
    "session_call": (["call", "get_serial_number"], 0.0),
    "session_stop": (["stop", "all", "--yes"], 0.0),
    "session_stopped": (["status", "--channel", "1-2"], 1.0),
}


def write(folder: Path) -> None:
    """Write all parts into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        "problems.md": problem_table(),
        "field_kinds.md": kind_tables(),
        "answers.md": answer_table(),
        "commands.md": help_texts(),
        "wrong_declarations.md": wrong_table(),
        "frame_plan.html": drawing.plan(),
        "stop_schedule.html": drawing.byte_map(encode(StopSchedule(channel_index=13))),
    }
    found |= scenario_parts.parts()
    found |= dump_parts.parts(dumped)
    found["closed_loop.html"] = closed_loop()
    found |= session()
    examples = [path for path in sorted(EXAMPLES.glob("*.py")) if not path.name.startswith("test_")]
    with ThreadPoolExecutor(max_workers=2) as pool:
        outputs = pool.map(lambda path: python(str(path)), examples)
        found |= {f"{path.stem}.txt": text for path, text in zip(examples, outputs, strict=True)}
        outputs = pool.map(command, COMMANDS.values())
        found |= {
            f"{name}.txt": prompt(arguments) + text
            for (name, arguments), text in zip(COMMANDS.items(), outputs, strict=True)
        }
    for name, text in found.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


class Clock:
    """Seconds that pass when they are told to, so that a session always shows the same."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def session() -> dict[str, str]:
    """Return what the commands of the tutorial's session write."""
    clock = Clock()
    found = {}
    with spoofer.running(spoofer.Device(channels=4, clock=clock)) as there:
        for name, (arguments, seconds) in SESSION.items():
            clock.now += seconds
            output = command([*arguments, "--port", str(there.port)])
            found[f"{name}.txt"] = prompt(arguments) + output
    return found


def prompt(arguments: Sequence[str]) -> str:
    """Return the line that somebody types."""
    return f"$ {shlex.join(['cti', *arguments])}\n"


def closed_loop() -> str:
    """Return the curves of the charge that the example of a closed loop does when it is run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curve.csv"
        python("closed_loop.py", str(path))
        with path.open(encoding="utf-8", newline="") as file:
            rows = [[float(value) for value in row] for row in list(csv.reader(file))[1:]]
    return curves.curves(*zip(*rows, strict=True))


def command(arguments: Sequence[str]) -> str:
    """Run `cti`, and return what it writes."""
    return python("-m", "cti_client.cli", *arguments)


def dumped(arguments: Sequence[str], folder: Path, code: int) -> str:
    """Return what somebody sees who runs `cti` in a folder."""
    return prompt(arguments) + python("-m", "cti_client.cli", *arguments, folder=folder, code=code)


def python(*arguments: str, folder: Path = EXAMPLES, code: int = 0) -> str:
    """Run Python in a folder, by default that of the examples, and return what it writes.

    Raises:
        RuntimeError: it ended with another exit code.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CTI_")},
        "PYTHONPATH": os.pathsep.join([str(DOCS.parent), os.environ.get("PYTHONPATH", "")]),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONWARNINGS": "error",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TZ": "UTC",
    }
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    if done.returncode != code:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def problem_table() -> str:
    """Return the table of the kinds of problems."""
    return _lines(
        table(
            ["kind", "what is wrong", "refused by a strict decode"],
            (
                [f"`{kind}`", escape(text), "no" if kind in problems.NOTES else "yes"]
                for kind, text in problems.KINDS.items()
            ),
        )
    )


def answer_table() -> str:
    """Return the table of the ways in which a request is answered."""
    written = {
        "once": "f.once", "channels": "f.all_channels", "pieces": "f.pieces",
        "once_or_twice": "f.once_or_twice", "unknown": "f.unknown",
        "per_channel": 'f.per_channel("list")', "per_channel_if": 'f.per_channel_if("flag")',
    }  # fmt: skip
    rows = [
        [f"`{written[how]}`", text.format(field=_quoted(written[how]))] for how, text in answers.TEXTS.items()
    ]
    return _lines(table(["`answers=`", "what comes"], rows))


def _quoted(text: str) -> str:
    return text.split('"')[1] if '"' in text else ""


def kind_tables() -> str:
    """Return the tables of all kinds of fields: for binary bodies, and for JSON bodies."""
    functions = [
        (name, getattr(fields, name))
        for name in fields.__all__
        if inspect.isfunction(getattr(fields, name)) and getattr(fields, name).__module__ == fields.__name__
    ]
    binary = [(name, one) for name, one in functions if not name.startswith(("json_", "list_of"))]
    body = [pair for pair in functions if pair not in binary]
    by_place = [sorted(group, key=lambda pair: _place(pair[1])) for group in (binary, body)]
    return _lines(
        [*_kinds(by_place[0]), "", "And for bodies that are JSON:", "", *_kinds(by_place[1])],
    )


def _place(function: object) -> int:
    """Return where a function stands in its file: they are grouped there."""
    return inspect.getsourcelines(function)[1]  # type: ignore[arg-type]


def _kinds(functions: Iterable[tuple[str, object]]) -> list[str]:
    rows = [[f"`f.{name}({_arguments(one)})`", _first_line(one)] for name, one in functions]
    return table(["kind", "what it is"], rows)


def _first_line(function: object) -> str:
    """Return the first line of a docstring; literals of reStructuredText become those of Markdown."""
    return first_line(function.__doc__ or "").replace("\\`\\`", "`")


def _arguments(function: object) -> str:
    """Return the names of the arguments that are not those of every field."""
    shown = []
    for one in inspect.signature(function).parameters.values():  # type: ignore[arg-type]
        if one.kind is not one.VAR_KEYWORD:
            shown.append(one.name if one.default is one.empty else f"{one.name}={one.default!r}")
    return ", ".join(shown)


def help_texts() -> str:
    """Return the help of the command and of each subcommand."""
    settings = {**cti.context_settings, "max_content_width": 88, "terminal_width": 88}
    context = click.Context(cti, info_name="cti", **settings)
    lines = ["## cti", "", *_help(context)]
    for name in cti.list_commands(context):
        subcommand = cti.get_command(context, name)
        assert subcommand is not None
        lines += [f"## cti {name}", "", *_help(click.Context(subcommand, parent=context, info_name=name))]
    return _lines(lines)


def _help(context: click.Context) -> list[str]:
    return ["```text", context.get_help().strip(), "```", ""]


def wrong_table() -> str:
    """Return wrong declarations with the error that each gives.

    Raises:
        RuntimeError: one of them is accepted.
    """
    lines: list[str] = []
    for rule, source in wrong_declarations.WRONG:
        text = dedent(source).strip()
        lines += [f"**{rule}**", "", "```python", text, "```", ""]
        lines += ["```{code-block} text", ":class: wrap", "", wrong_error(text), "```", ""]
    return _lines(lines)


def wrong_error(source: str) -> str:
    """Return the error that a declaration gives.

    Raises:
        RuntimeError: it gives none.
    """
    # dataclasses look up the module of a class by its name.
    module = sys.modules["example"] = ModuleType("example")
    try:
        exec(wrong_declarations.HEAD + source, vars(module))
    except DeclarationError as error:
        return f"DeclarationError: {error}"
    raise RuntimeError(f"this declaration is accepted:\n{indent(source, '    ')}")


def _lines(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])
