"""What the harnesses have in common: how their targets are imported, and how libFuzzer is run on them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

__all__ = ["EXAMPLES", "FOUND", "available", "instrumented", "run", "told", "write_corpus"]

HERE = Path(__file__).parent

#: What was found: a folder for each harness.
FOUND = HERE / "found"

ROOT = HERE.parents[2]

EXAMPLES = ROOT / "docs" / "examples"

#: A unit that takes longer, or more memory, is a finding.
LIMITS = ("-timeout=20", "-rss_limit_mb=1024", "-max_len=16384")


def told(error: Exception) -> None:
    """Check that an error says what is wrong."""
    assert str(error).strip(), repr(error)


def available() -> bool:
    """Tell whether atheris can be imported."""
    try:
        import atheris  # noqa: F401
    except ImportError:
        return False
    return True


def instrumented(name: str, *modules: str) -> AbstractContextManager[Any]:
    """Return a context in which these modules are imported so that libFuzzer sees their branches.

    Args:
        name: ``__name__`` of the harness: only a process that runs it wants that.
        modules: names of modules and packages; nothing else is instrumented, which would take long.
    """
    if name != "__main__":
        return nullcontext()
    import atheris

    context: AbstractContextManager[Any] = atheris.instrument_imports(include=list(modules))
    return context


def write_corpus(folder: Path, seeds: Iterable[bytes]) -> None:
    """Write inputs to begin with into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:04d}").write_bytes(seed)


def run(
    one_input: Callable[[bytes], None], seeds: Callable[[], Iterable[bytes]], words: Iterable[str] = ()
) -> None:
    """Run libFuzzer on a harness until it is told to end; the arguments are those of the command line.

    Args:
        one_input: the harness.
        seeds: inputs to begin with, written into the first folder that is named, where it is empty.
        words: that the inputs are made of.
    """
    import atheris

    arguments = [one for one in sys.argv[1:] if not one.startswith("-")]
    folder = Path(arguments[0]) if arguments else None
    if folder is not None and not (folder.is_dir() and any(folder.iterdir())):
        write_corpus(folder, seeds())
    options = list(LIMITS)
    if folder is not None and (known := list(words)):
        dictionary = folder.with_name(f"{folder.name}.dict")
        dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in known), encoding="ascii")
        options.append(f"-dict={dictionary}")
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:]], one_input)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word.encode()
    )


def environment() -> dict[str, str]:
    """Return the environment of a harness's process: it finds the packages, wherever it is run."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
