"""What holds for all messages together, and for every derivation."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cti_schema.derive
import cti_schema.wire
from cti_schema import kinds as k
from cti_schema.answers import TEXTS
from cti_schema.derive.defaults import default, default_reply, feedback_of
from cti_schema.enumerations import Code, Flags
from cti_schema.errors import DeclarationError, UnknownNameError
from cti_schema.message import Direction, Feedback, Message, Request
from cti_schema.registry import Registry, messages, registry
from cti_schema.wire.codec import decode, encode

REQUESTS = [one for one in messages() if one.spec.direction is Direction.REQUEST]
FEEDBACKS = [one for one in messages() if one.spec.direction is Direction.FEEDBACK]


def listed() -> set[tuple[str, str, str, str]]:
    lines = (Path(__file__).parent / "messages.txt").read_text(encoding="utf-8").splitlines()
    return {(name, direction, code, form) for name, direction, code, form in map(str.split, lines)}


def test_declared_messages_are_those_of_the_list_and_no_others() -> None:
    declared = {
        (spec.name, spec.direction.value, f"0x{spec.code:08X}", spec.form)
        for spec in (one.spec for one in messages())
    }
    assert declared - listed() == set()
    assert listed() - declared == set()
    assert len(declared) == 131


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda one: one.spec.name)
def test_each_request_says_what_it_does_and_how_it_is_answered(request_class: type[Request[Any]]) -> None:
    spec = request_class.spec
    assert spec.effect is not None
    assert spec.answers.how in TEXTS
    assert spec.port in (None, 9031, 9032)
    if spec.answers.how == "unknown":
        assert spec.feedbacks == ()
    else:
        assert spec.feedbacks
    for feedback in spec.feedbacks:
        assert registry().by_name(feedback.spec.name) is feedback


def test_requests_without_a_known_answer_are_those_known_by_number_only() -> None:
    assert {one.spec.name for one in REQUESTS if not one.spec.feedbacks} == {
        "assign_name_rule", "assign_path", "reset_local_database", "restart_console", "restart_daq",
    }  # fmt: skip


def test_every_feedback_answers_a_request_or_tells_of_one() -> None:
    answered = {feedback for one in REQUESTS for feedback in one.spec.feedbacks}
    assert {one.spec.name for one in FEEDBACKS if one not in answered} == {"unknown_command_feedback"}


@pytest.mark.parametrize("message", messages(), ids=lambda one: one.spec.name)
def test_a_plain_message_of_each_kind_goes_there_and_back(message: type[Message]) -> None:
    plain = default(message)
    again = decode(encode(plain))
    assert type(again) is message
    assert again == plain
    assert all(kind.name for kind in message.spec.layout)
    assert message.spec.doc[-1] == "."


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda one: one.spec.name)
def test_the_plain_answer_is_of_the_declared_class(request_class: type[Request[Any]]) -> None:
    request = default(request_class)
    for answer in default_reply(request, channel_count=3):
        assert type(answer) is feedback_of(request)
        assert decode(encode(answer), Direction.FEEDBACK) == answer


def test_lookups() -> None:
    found = registry()
    start = found.by_name("start_schedule")
    assert found.candidates(Direction.REQUEST, 0xBB320004) == (start,)
    assert found.candidates(Direction.FEEDBACK, 0xBB320004) == ()
    assert found.directions(0xBBCC0201) == (Direction.REQUEST, Direction.FEEDBACK)
    assert found.directions(0x12345678) == ()
    trays = found.candidates(Direction.REQUEST, 0xBB6A0002)
    assert sorted(one.spec.form for one in trays) == ["binary", "json"]
    with pytest.raises(
        UnknownNameError, match="unknown message 'start_scheduel'; did you mean 'start_schedule'"
    ) as caught:
        found.by_name("start_scheduel")
    assert caught.value.nearest == "start_schedule"
    assert list(found) == sorted(found, key=lambda one: one.spec.name)


def test_a_folder_that_is_not_there_and_a_file_that_does_not_import(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="is no folder"):
        Registry().load_folder(tmp_path / "nowhere")
    (tmp_path / "broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"broken\.py does not import: ModuleNotFoundError"):
        Registry().load_folder(tmp_path)


# Derivations


def modules() -> list[ModuleType]:
    return [
        importlib.import_module(found.name)
        for package in (cti_schema.wire, cti_schema.derive)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]


def dispatchers() -> dict[str, Any]:
    """Return every function that treats each kind of field in its own way."""
    return {
        f"{module.__name__}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if hasattr(value, "registry") and hasattr(value, "dispatch") and value.__module__ == module.__name__
    }


def test_the_dispatchers_are_found() -> None:
    assert {name.split(".")[2] for name in dispatchers()} >= {"subcons", "defaults", "strategies", "layout"}


@pytest.mark.parametrize("kind", k.KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", dispatchers())
def test_every_kind_is_handled_by_every_derivation(name: str, kind: type[k.Kind]) -> None:
    handler = dispatchers()[name]
    handled = handler.dispatch(kind) is not handler.dispatch(object)
    # What is no value of a message has no default and no test data; surplus is no part of a struct.
    no_value = "is_value" in vars(kind)
    # A choice may be made before the chosen kind is dispatched.
    made_before = kind is k.Variants and ".choose(" in inspect.getsource(sys.modules[handler.__module__])
    assert handled or no_value or made_before
    if handler.__module__.endswith("layout"):
        assert handled


def test_a_kind_that_is_not_known_is_refused_with_its_path() -> None:
    class Odd(k.Kind):
        pass

    for handler in dispatchers().values():
        with pytest.raises(NotImplementedError, match=r"odd\.field: the kind Odd is not handled here"):
            handler(Odd(), *["odd.field", {}][: handler.__wrapped__.__code__.co_argcount - 1])


def test_every_kind_is_used_by_some_message() -> None:
    used: set[type[k.Kind]] = set()

    def visit(kind: k.Kind) -> None:
        used.add(type(kind))
        inner: list[k.Kind] = []
        if isinstance(kind, (k.Array, k.Table)):
            inner = [kind.item]
        elif isinstance(kind, k.Nested):
            inner = list(kind.record.spec.layout)
        elif isinstance(kind, k.Variants):
            inner = kind.alternatives()
        for one in inner:
            visit(one)

    for message in messages():
        for kind in message.spec.layout:
            visit(kind)
    assert used == set(k.KINDS)


def source_words(module: ModuleType) -> set[str]:
    """Return the names and the string literals of a module, docstrings left out."""
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    words: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            words.update([node.module or "", *(alias.name for alias in node.names)])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            # One-word names are words of English too: alone they count, in a sentence they do not.
            words.update(
                [node.value, *(word for word in node.value.replace(".", " ").split() if "_" in word)]
            )
    return words


@cache
def message_names() -> frozenset[str]:
    return frozenset(name for one in messages() for name in (one.spec.name, one.__name__, one.__module__))


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_no_message_is_named_outside_its_own_file(module: ModuleType) -> None:
    assert source_words(module) & message_names() == set()


def test_the_search_for_names_finds_them() -> None:
    module = importlib.import_module("cti_schema.messages.resume_schedule_ex")
    assert source_words(module) & message_names() == {
        "ResumeScheduleFeedback", "cti_schema.messages.resume_schedule",
    }  # fmt: skip


# Enumerations


def enumerations() -> list[type[Code] | type[Flags]]:
    import cti_schema.enums
    import cti_schema.messages

    found = [cti_schema.enums] + [
        importlib.import_module(f"cti_schema.messages.{one.name}")
        for one in pkgutil.iter_modules(cti_schema.messages.__path__)
    ]
    return [
        value
        for module in found
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, (Code, Flags))
        and value.__module__ == module.__name__
    ]


@pytest.mark.parametrize("enum", enumerations(), ids=lambda one: one.__name__)
def test_values_of_enumerations_are_explained(enum: type[Code] | type[Flags]) -> None:
    assert enum.__doc__
    assert enum.__doc__.splitlines()[0].endswith(".")
    for member in enum:
        if isinstance(member, Code):
            assert member.meaning, member
            assert member.known
            assert member.label == member.name.lower()
            assert enum(int(member)) is member
    unknown = enum(0x7FFF0000)
    assert int(unknown) == 0x7FFF0000
    if isinstance(unknown, Code):
        assert (unknown.known, unknown.is_success, unknown.name) == (False, False, "unknown_2147418112")


def test_results_have_a_success() -> None:
    for one in FEEDBACKS:
        for kind in one.spec.layout:
            if isinstance(kind, k.Scalar) and kind.name == "result" and kind.enum is not None:
                assert any(member.is_success for member in kind.enum), one.spec.name


def test_messages_are_of_one_of_two_bases() -> None:
    for one in messages():
        assert issubclass(one, Request) != issubclass(one, Feedback)
