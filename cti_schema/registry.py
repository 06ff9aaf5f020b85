"""Which messages there are: found by themselves, looked up by code or by name.

Every module in the package `cti_schema.messages` is imported, and every message in it is taken.
Nobody lists messages. Other packages join through the entry point group ``cti.messages`` (a module
or a package of message files), folders through `Registry.load_folder`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from cti_schema.errors import DeclarationError, UnknownNameError
from cti_schema.message import Direction, Message, Request, UnknownMessage

#: Entry points of this group name modules or packages with further messages.
ENTRY_POINTS: Final = "cti.messages"

#: What decoders keep about codes that they have looked up. Forgotten whenever a message joins a registry.
LOOKED_UP: Final[dict[int, Any]] = {}


class Registry:
    """A set of messages without contradictions."""

    def __init__(self) -> None:
        self._by_name: dict[str, type[Message]] = {}
        self._by_code: dict[tuple[Direction, int], tuple[type[Message], ...]] = {}
        self._directions: dict[int, tuple[Direction, ...]] = {}
        self._variants: dict[type[Message], list[type[Request[Any]]]] = {}

    def add(self, message: type[Message]) -> None:
        """Add one message.

        Raises:
            DeclarationError: another message has the same name, or the same code, direction and body form.
        """
        spec = message.spec
        if spec.name in self._by_name or spec.name == UnknownMessage.spec.name:
            raise DeclarationError(f"{message.__module__}: a message called {spec.name!r} is there already")
        others = self.candidates(spec.direction, spec.code)
        for other in others:
            if other.spec.form == spec.form:
                raise DeclarationError(
                    f"{spec.name}: the {spec.direction} code 0x{spec.code:08X} with a {spec.form} body "
                    f"is {other.spec.name} already"
                )
        LOOKED_UP.clear()
        self._by_name[spec.name] = message
        self._by_code[spec.direction, spec.code] = (*others, message)
        known = {*self.directions(spec.code), spec.direction}
        self._directions[spec.code] = tuple(one for one in Direction if one in known)
        if spec.variant_of is not None and issubclass(message, Request):
            self._variants.setdefault(spec.variant_of, []).append(message)

    def load_module(self, module: ModuleType) -> None:
        """Add every message that a module declares, and, of a package, those of its modules."""
        for value in list(vars(module).values()):
            if (
                isinstance(value, type)
                and issubclass(value, Message)
                and value.__module__ == module.__name__
                and "spec" in value.__dict__
            ):
                self.add(value)
        if hasattr(module, "__path__"):
            for found in sorted(pkgutil.iter_modules(module.__path__), key=lambda entry: entry.name):
                self.load_module(importlib.import_module(f"{module.__name__}.{found.name}"))

    def load_folder(self, folder: Path) -> None:
        """Add the messages of every Python file in a folder.

        Raises:
            DeclarationError: the folder is not there, or a file does not import.
        """
        if not folder.is_dir():
            raise DeclarationError(f"{folder} is no folder")
        for file in sorted(folder.glob("[!_]*.py")):
            name = f"cti_messages_{abs(hash(folder.resolve()))}.{file.stem}"
            spec = importlib.util.spec_from_file_location(name, file)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except DeclarationError as error:
                raise DeclarationError(f"{file}: {error}") from error
            except Exception as error:
                raise DeclarationError(f"{file} does not import: {type(error).__name__}: {error}") from error
            self.load_module(module)

    def candidates(self, direction: Direction, code: int) -> tuple[type[Message], ...]:
        """Return the messages with that code in that direction: none, one, or one per body form."""
        return self._by_code.get((direction, code), ())

    def directions(self, code: int) -> tuple[Direction, ...]:
        """Return the directions in which a code is known: none, one, or both."""
        return self._directions.get(code, ())

    def variant(self, request: type[Request[Any]], version: int) -> type[Request[Any]]:
        """Return the request that is sent instead of this one to a server of that login version.

        That is the request itself where none of its variants is meant for the version.
        """
        for variant in self._variants.get(request, []):
            if variant.spec.when is not None and version in variant.spec.when:
                return variant
        return request

    def by_name(self, name: str) -> type[Message]:
        """Return the message of that name.

        Raises:
            UnknownNameError: there is none.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownNameError("message", name, self._by_name) from None

    def __iter__(self) -> Iterator[type[Message]]:
        return iter(sorted(self._by_name.values(), key=lambda message: message.spec.name))

    def __len__(self) -> int:
        return len(self._by_name)


@cache
def registry() -> Registry:
    """Return the registry of this process, filled when first asked for."""
    found = Registry()
    found.load_module(importlib.import_module("cti_schema.messages"))
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        found.load_module(entry.load())
    return found


def messages() -> list[type[Message]]:
    """Return every declared message, sorted by name."""
    return list(registry())
