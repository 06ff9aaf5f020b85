"""List a directory of the cycler computer."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


class BrowseDirectoryResult(f.ResultCode):
    """Browse directory result."""

    DIRECTORY_SUCCESS = f.ok(1, "directory listed", "CTI_BROWSE_DIRECTORY_SUCCESS")
    SCHEDULE_SUCCESS = f.ok(
        2, "schedule list, 200-byte records, only names count", "CTI_BROWSE_SCHEDULE_SUCCESS"
    )
    SCHEDULE_VERSION1_SUCCESS = f.ok(
        3, "schedule list, 440-byte relative paths (library only)", "CTI_BROWSE_SCHEDULE_VERSION1_SUCCESS"
    )
    DIRECTORY_FAILED = 4, "failed", "CTI_BROWSE_DIRECTORY_FAILED"


class EntryType(f.Code):
    """Entry type."""

    DIRECTORY = 0, "directory"
    FILE = 1, "file"


@record
class DirectoryEntry(Record):
    """One file or directory."""

    entry_type: EntryType = f.enum(f.u32, EntryType)
    name: str = f.utf16(64)
    size: int = f.i32(unit="byte")
    modified: str = f.utf16(32)


@record
class SchedulePath(Record):
    """A schedule, by its path."""

    name: str = f.utf16(220, doc="schedule path relative to the schedule folder")


@feedback(
    0xCC310001,
    vendor="THIRD_PARTY_CMD_BROWSE_DIRECTORY_FEED",
    notes="Record size depends on result: 1 and 2 -> 200 bytes, 3 -> 440 bytes (UTF-16 path of 220). For 2 and 3 the client keeps only the name. Any other result: records ignored.",
)
class BrowseDirectoryFeedback(Feedback):
    """Entries of a directory."""

    result: BrowseDirectoryResult = f.enum(f.u32, BrowseDirectoryResult)
    entry_count: int = f.u32(doc="number of entries; read only for results 1, 2 and 3")
    entries: list[DirectoryEntry | SchedulePath] = f.array(
        f.variants(result, {3: SchedulePath}, DirectoryEntry),
        entry_count,
        when=(result, (1, 2, 3)),
        doc="paths for result 3; no list for any result but 1, 2 and 3",
    )


@request(
    0xCC130001,
    effect=QUERY,
    port=9032,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_BROWSE_DIRECTORY",
    notes="Library throws above 1024 UTF-16 units.",
)
class BrowseDirectory(Request[BrowseDirectoryFeedback]):
    """List a directory of the cycler computer."""

    directory_path: str = f.utf16(1024, doc="directory to list")
