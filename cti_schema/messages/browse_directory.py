"""List a directory of the cycler computer."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


class BrowseDirectoryResult(f.ResultCode):
    """Outcome, and what the entries are."""

    DIRECTORY_SUCCESS = f.ok(1, "directory listed", "CTI_BROWSE_DIRECTORY_SUCCESS")
    SCHEDULE_SUCCESS = f.ok(2, "schedules, of which only the names count", "CTI_BROWSE_SCHEDULE_SUCCESS")
    SCHEDULE_VERSION1_SUCCESS = f.ok(
        3, "schedules by their path; known to the library only", "CTI_BROWSE_SCHEDULE_VERSION1_SUCCESS"
    )
    DIRECTORY_FAILED = 4, "failed", "CTI_BROWSE_DIRECTORY_FAILED"


class EntryType(f.Code):
    """Kind of an entry."""

    DIRECTORY = 0, "directory"
    FILE = 1, "file"


@record
class DirectoryEntry(Record):
    """One file or directory."""

    entry_type: EntryType = f.enum(f.u32, EntryType, doc="file or directory")
    name: str = f.utf16(64, doc="name without a path")
    size: int = f.i32(unit="byte", doc="size of a file")
    modified: str = f.utf16(32, doc="time of the last change, as a text")


@record
class SchedulePath(Record):
    """A schedule, by its path."""

    name: str = f.utf16(220, doc="schedule path relative to the schedule folder")


@feedback(
    0xCC310001,
    vendor="THIRD_PARTY_CMD_BROWSE_DIRECTORY_FEED",
    notes=(
        "The result chooses the record: 200 bytes for 1 and 2, a path of 440 bytes for 3. Of "
        "results 2 and 3 the vendor's client keeps the names only; of any other it reads no "
        "records."
    ),
)
class BrowseDirectoryFeedback(Feedback):
    """Entries of a directory."""

    result: BrowseDirectoryResult = f.enum(f.u32, BrowseDirectoryResult, doc="outcome")
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
)
class BrowseDirectory(Request[BrowseDirectoryFeedback]):
    """List a directory of the cycler computer."""

    directory_path: str = f.utf16(1024, doc="directory to list")
