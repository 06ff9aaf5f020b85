"""What a client's path means: names below the root, or a refusal. Knows no disk.

A path is read by the rules of Windows on every system, because a cycler computer runs Windows, and so
that a name means the same wherever the spoofer runs. Everything that could leave the root, or that one
system reads otherwise than another, is refused: ``..``, drives, network shares, alternate data streams,
device names, blanks and dots at the end of a name, characters that Windows forbids, overlong names.

Paths are relative to the program folder, as in recorded requests (``Work\\a.sdx``); one backslash in front
changes nothing (``\\Work\\a.sdx``), and so does the full path of the program folder.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cti_schema.errors import FileRefused

#: Where the program is on a cycler computer; a path that begins with it is taken as one below the root.
PROGRAM_FOLDER: Final = r"C:\ArbinSoftware\MITS_PRO"

#: Where schedules are (rules.md, section 4).
WORK: Final = "Work"

#: What goes to `WORK` when it comes without a path (rules.md, section 4); the rest goes to the root.
WORK_ENDINGS: Final = (".sdx", ".sdu")

#: Longest path in UTF-16 units: that of the longest field (requests.json).
MAX_PATH: Final = 1024

#: Longest name in bytes of UTF-8: what Linux and macOS take. Windows takes as many UTF-16 units.
MAX_NAME: Final = 255

#: Most folders inside each other.
MAX_DEPTH: Final = 16

_FORBIDDEN: Final = frozenset('<>:"/\\|?*') | {chr(code) for code in (*range(32), 127)}

_DEVICES: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{device}{number}" for device in ("COM", "LPT") for number in "0123456789\u00b9\u00b2\u00b3"]
)


class Reason(StrEnum):
    """Why the file area does not do something."""

    PATH = "path"  #: the path is empty, or it could leave the root, or a name in it is none
    LINK = "link"  #: a link, or something else that is neither a file nor a folder
    MISSING = "missing"  #: there is no such file or folder
    KIND = "kind"  #: a folder where a file is meant, or the other way round
    EXISTS = "exists"  #: it is there already
    ENDING = "ending"  #: files with this ending are neither written nor deleted
    LIMIT = "limit"  #: a limit of the file area
    PROTECTED = "protected"  #: the root and the Work folder stay
    SYSTEM = "system"  #: the operating system refused


def parts(path: str) -> tuple[str, ...]:
    """Return the names of a path, from the root on; none for the root itself.

    Raises:
        FileRefused: the path is not one below the root.
    """
    if len(path.encode("utf-16-le", "surrogatepass")) > 2 * MAX_PATH:
        raise FileRefused(Reason.PATH, f"a path has at most {MAX_PATH} UTF-16 units")
    unified = path.replace("/", "\\")
    end = len(PROGRAM_FOLDER)
    if unified[:end].lower() == PROGRAM_FOLDER.lower() and unified[end : end + 1] in ("", "\\"):
        unified = unified[end:]
    elif path.startswith("/"):
        raise FileRefused(Reason.PATH, f"{path!r} is an absolute path")
    if unified.startswith("\\\\"):
        raise FileRefused(Reason.PATH, f"{path!r} is a path of another computer or a device")
    # Empty names come from a separator at either end or from doubled ones; a single dot names the folder.
    names = tuple(name for name in unified.split("\\") if name not in ("", "."))
    for name in names:
        _check(name, path)
    if len(names) > MAX_DEPTH:
        raise FileRefused(Reason.PATH, f"{path!r} has more than {MAX_DEPTH} names")
    return names


def _check(name: str, path: str) -> None:
    """Refuse what is no name of a file or folder."""
    if name[-1] in ". ":
        raise FileRefused(Reason.PATH, f"{path!r}: a name cannot end with a dot or a blank")
    if _FORBIDDEN & set(name):
        raise FileRefused(Reason.PATH, f"{path!r}: a character that no name can have")
    # Windows takes a device's name for the device whatever the ending is, and whatever blanks are before it.
    if name.split(".")[0].rstrip(" ").upper() in _DEVICES:
        raise FileRefused(Reason.PATH, f"{path!r}: the name of a device")
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise FileRefused(Reason.PATH, f"{path!r}: half of a character") from error
    if length > MAX_NAME:
        raise FileRefused(Reason.PATH, f"{path!r}: a name has at most {MAX_NAME} bytes in UTF-8")


def is_name(name: str) -> bool:
    """Return whether a client could name a file so."""
    try:
        return parts(name) == (name,)
    except FileRefused:
        return False


def ending(name: str) -> str:
    """Return the ending of a name with its dot, in small letters; empty when it has none."""
    stem, dot, last = name.rpartition(".")
    return (dot + last).lower() if stem else ""


def placed(names: tuple[str, ...], path: str) -> tuple[str, ...]:
    """Return the names of a file to be written: a bare name goes to `WORK` or to the root, by its ending."""
    if is_bare(path) and len(names) == 1 and ending(names[0]) in WORK_ENDINGS:
        return (WORK, *names)
    return names


def is_bare(path: str) -> bool:
    """Return whether a path is a name alone, without any separator."""
    return not set("\\/") & set(path)


def shown(names: tuple[str, ...]) -> str:
    """Return a path as a client is told it: relative to the root, with backslashes."""
    return "\\".join(names)
