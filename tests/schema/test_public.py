"""The public surface, and who may import whom."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cti_schema
from tests.schema.support import ROOT, VECTORS


def test_public_names() -> None:
    assert cti_schema.__all__ == [
        "Decoded",
        "Direction",
        "Feedback",
        "Frame",
        "FrameBuffer",
        "Message",
        "Problem",
        "Request",
        "UnknownMessage",
        "decode",
        "encode",
        "messages",
    ]
    for name in cti_schema.__all__:
        assert getattr(cti_schema, name).__doc__, name
    with pytest.raises(AttributeError, match="module 'cti_schema' has no attribute 'decoder'"):
        _ = cti_schema.decoder  # type: ignore[attr-defined]


def test_signatures() -> None:
    def arguments(function: Any) -> list[str]:
        return [str(one) for one in inspect.signature(function).parameters.values()]

    assert arguments(cti_schema.decode) == [
        "frame: 'bytes'", "direction: 'Direction | str | None' = None", "strict: 'bool' = True",
    ]  # fmt: skip
    assert arguments(cti_schema.encode) == ["message: 'Message'", "surplus: 'bool' = False"]
    assert arguments(cti_schema.FrameBuffer)[0] == "direction: 'Direction | str | None' = None"


def test_a_session_with_the_public_names_only() -> None:
    frame = next(vector.frame for vector in VECTORS if vector.message == "start_schedule_feedback")
    buffer = cti_schema.FrameBuffer("feedback")
    (found,) = buffer.feed(frame)
    message = cti_schema.decode(found)
    assert isinstance(message, cti_schema.Feedback)
    assert cti_schema.encode(message) == frame
    decoded = cti_schema.decode(frame, strict=False)
    assert isinstance(decoded, cti_schema.Decoded)
    assert (decoded.message, decoded.problems, decoded.direction) == (
        message,
        [],
        cti_schema.Direction.FEEDBACK,
    )
    assert type(message) in cti_schema.messages()


def imports(file: Path) -> list[tuple[str, bool]]:
    """Return the modules that a file imports, each with whether it waits until it is needed."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in lazy) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            assert node.level == 0, f"{file}: relative imports hide what is imported"
            found += [(f"{module}.{alias.name}", id(node) in lazy) for alias in node.names]
    return found


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("file", files("cti_schema"), ids=lambda file: str(file.relative_to(ROOT)))
def test_schema_imports_neither_client_nor_spoofer(file: Path) -> None:
    for name, _ in imports(file):
        assert not inside(name, "cti_client"), name
        assert not inside(name, "spoofer"), name
        if "wire" in file.parts:
            assert not inside(name, "cti_schema.derive"), name
            assert not inside(name, "cti_schema.messages"), name


@pytest.mark.parametrize("file", files("spoofer"), ids=lambda file: str(file.relative_to(ROOT)))
def test_spoofer_does_not_import_the_client(file: Path) -> None:
    assert not [name for name, _ in imports(file) if inside(name, "cti_client")]


@pytest.mark.parametrize("file", files("cti_client"), ids=lambda file: str(file.relative_to(ROOT)))
def test_only_the_command_line_imports_the_spoofer_and_only_when_it_needs_it(file: Path) -> None:
    for name, lazy in imports(file):
        if inside(name, "spoofer"):
            assert "cli" in file.relative_to(ROOT).parts, name
            assert lazy, name


def test_the_search_for_imports_finds_them(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text("import spoofer.device\n\ndef run():\n    from spoofer import server\n", encoding="utf-8")
    assert imports(file) == [("spoofer.device", False), ("spoofer.server", True)]


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


HEAVY = ("construct", "numpy", "pyarrow", "rich", "click", "hypothesis", "dpkt")


@pytest.mark.parametrize(
    "module", ["cti_schema", "cti_schema.declare", "cti_schema.versions", "cti_schema.errors"]
)
def test_importing_the_schema_is_light(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    assert run_python(code) == "[]"


def test_looking_at_all_messages_needs_no_construct() -> None:
    code = "import sys, cti_schema; print(len(cti_schema.messages()), 'construct' in sys.modules)"
    assert run_python(code) == "131 False"
