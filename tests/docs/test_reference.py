"""The reference pages and the other computed parts of the documentation: what stands in them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import cti_schema
from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.derive import reference
from cti_schema.enums import CtiVersion
from cti_schema.problems import KINDS
from cti_schema.registry import registry

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def parts() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield importlib.import_module("parts")


class Mood(f.Code):
    """How it is."""

    GOOD = 1, "all is well"


@feedback(0xBBF20007)
class AskMoodFeedback(Feedback):
    """How it is now."""

    mood: Mood = f.enum(f.u8, Mood, doc="how it is")


@record
class Place(Record):
    """A place."""

    shelf: int = f.u16(doc="shelf | or floor")
    height_m: float = f.f32(unit="m")


@request(0xBBF10007, effect=QUERY, port=9031, versions="none", vendor="ASK_MOOD", notes="Made *up*.")
class AskMood(Request[AskMoodFeedback]):
    """Ask how it is."""

    place_count = f.count(f.u16)
    places: list[Place] = f.array(Place, place_count)


def test_a_page_says_what_the_declaration_says() -> None:
    assert reference.page("ask_mood", [AskMood, AskMoodFeedback]) == "\n".join(
        [
            "# ask_mood",
            "",
            "(message-ask-mood)=",
            "## Request `ask_mood`",
            "",
            "Ask how it is.",
            "",
            "- code: `0xBBF10007`",
            "- body: binary",
            "- effect: query",
            "- answered by: [`ask_mood_feedback`](#message-ask-mood-feedback)",
            "- answers: one feedback",
            "- port: 9031",
            "- supported by: none",
            "- vendor's name: `ASK_MOOD`",
            "",
            "| offset | field | type | unit | meaning |",
            "|---|---|---|---|---|",
            "| 20 | `place_count` | u16, count of places |  |  |",
            r"| 22 | `places` | record place, place\_count times |  |  |",
            r"| +0 | &emsp;`shelf` | u16 |  | shelf \| or floor |",
            r"| +2 | &emsp;`height_m` | f32 | m |  |",
            "",
            "Offsets with a + count from the first byte of their record.",
            "",
            ":::{note}",
            r"Made \*up\*.",
            ":::",
            "",
            "(message-ask-mood-feedback)=",
            "## Feedback `ask_mood_feedback`",
            "",
            "How it is now.",
            "",
            "- code: `0xBBF20007`",
            "- body: binary",
            "- answer to: [`ask_mood`](#message-ask-mood)",
            "",
            "| offset | field | type | unit | meaning |",
            "|---|---|---|---|---|",
            "| 20 | `mood` | u8 |  | how it is; [values](#values-ask-mood-mood) |",
            "",
            "## Values",
            "",
            "(values-ask-mood-mood)=",
            "### Mood",
            "",
            "How it is.",
            "",
            "| value | name | meaning |",
            "|---|---|---|",
            "| `1` | `good` | all is well |",
            "",
        ]
    )


def test_the_index_lists_every_message_by_name_and_by_code() -> None:
    index = reference.index()
    for message in registry():
        link = reference.link(message.spec)
        assert index.count(f"| {link} |") == 2, message.spec.name
        assert f"| `0x{message.spec.code:08X}` | {message.spec.direction.value} | {link} |" in index


def test_every_version_and_every_variant_is_in_the_table_of_versions() -> None:
    page = reference.login_versions()
    for version in CtiVersion:
        assert f"| `{version.label}` | `0x{version:08X}` | `" in page
    for message in registry():
        if message.spec.variant_of is not None:
            pair = f"| {reference.link(message.spec.variant_of.spec)} | {reference.link(message.spec)} |"
            assert pair in page


def test_pages_of_messages_that_are_gone_go_too(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("# gone", encoding="utf-8")
    reference.write(tmp_path)
    names = {path.stem for path in tmp_path.iterdir()}
    assert names == {*reference.commands(), "index", "login_versions"}
    assert "## Request `stop_schedule`" in (tmp_path / "stop_schedule.md").read_text(encoding="utf-8")


def test_the_table_of_problems_has_every_kind(parts: ModuleType) -> None:
    rows = parts.problem_table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(KINDS)
    assert [row.endswith("| no |") for row in rows] == [kind in ("enum", "unknown_command") for kind in KINDS]


def test_the_tables_of_kinds_have_every_function_of_the_language(parts: ModuleType) -> None:
    tables = parts.kind_tables()
    for name in f.__all__:
        function = getattr(f, name)
        if inspect.isfunction(function) and function.__module__ == f.__name__:
            assert f"| `f.{name}(" in tables
    assert "| `f.latin1_z(limit, present_if=None)` | Single-byte text up to a NUL byte" in tables


def test_every_wrong_declaration_is_refused(parts: ModuleType) -> None:
    assert (
        "DeclarationError: Other.channel_count: no list, text or data is counted by it" in parts.wrong_table()
    )


def test_a_declaration_that_is_not_wrong_is_noticed(parts: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="this declaration is accepted"):
        parts.wrong_error('@feedback(0xBBF20002)\nclass Other(Feedback):\n    "Fine."\n')


def test_the_help_of_every_subcommand_is_shown(parts: ModuleType) -> None:
    text = parts.help_texts()
    assert "## cti set-mv\n\n```text\nUsage: cti set-mv [OPTIONS] CHANNELS VARIABLE VALUE\n" in text
    assert "-h, --help" in text


def test_the_drawn_frame_has_the_bytes_of_the_frame(parts: ModuleType) -> None:
    message = registry().by_name("stop_schedule")(channel_index=13)
    drawn = parts.drawing.byte_map(cti_schema.encode(message))
    assert '<td class="c7" title="checksum">8a</td><td class="c7" title="checksum">07</td>' in drawn
    assert '<td class="c4" title="channel_index">0d</td>' in drawn
    assert drawn.count(">zeros</td>") == 1
