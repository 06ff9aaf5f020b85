"""What the version number of the login feedback tells: which variants of messages a client sends.

The table is written here once, as data. It knows no message: a message that is a variant of another
names one of these sets in its own declaration (``variant_of``, ``when``), and
`cti_schema.registry.Registry.variant` chooses. Numbers are compared exactly, there is no "newer
than": a number that nobody has listed behaves as ``unlisted`` says. The version is 0 before any login
feedback, and is taken over whatever the login's result is.

Source: both client libraries, run with every number below (``versions.json``). Where the older one
(1.1.0.0) chooses otherwise, ``older`` says how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cti_schema.enums import CtiVersion

__all__ = [
    "FIXED_LENGTH",
    "JSON_BODIES",
    "PREDICATES",
    "RESUME_BY_VALUES",
    "TABLE",
    "TIME_SENSITIVE",
    "VARIABLE_LENGTH",
    "Versions",
    "json_bodies",
    "time_sensitive",
    "variable_length",
]

_V: Final = CtiVersion


@dataclass(frozen=True)
class Versions:
    """A set of version numbers; ``number in versions`` asks.

    Attributes:
        name: what the set is called.
        doc: what is true of these versions.
        listed: the known versions in it.
        unlisted: whether a number that nobody has listed is in it.
        older: the known versions that the older library puts in it, where that differs.
        vendor: the question in the vendor's library that it answers.
    """

    name: str
    doc: str
    listed: frozenset[int]
    unlisted: bool = False
    older: frozenset[int] | None = None
    vendor: str = ""

    def __contains__(self, version: object) -> bool:
        return version in self.listed or (self.unlisted and version not in _KNOWN)


_KNOWN: Final = frozenset(int(version) for version in CtiVersion)


def _set(*versions: int) -> frozenset[int]:
    return frozenset(int(version) for version in versions)


_MITS_X: Final = _set(
    _V.MITS_X_1,
    _V.MITS_X_2,
    _V.MITS_X_3,
    _V.MITS_X_4,
    _V.MITS_X_5,
    _V.MITS_X_6,
    _V.MITS_X_7,
    _V.MITS_X_8,
    _V.MITS_X_SPTT,
)
_FIXED: Final = _set(
    _V.CTI_PRO7,
    _V.CTI_PRO8,
    _V.PRO8_2,
    _V.MITS_X_1,
    _V.MITS_X_2,
    _V.MITS_X_SPTT,
    _V.PRO7_MVUD,
    _V.TY_PRO7_2,
    _V.TY_PRO8_1,
    _V.TY_PRO8_SPTT,
    _V.ZY_PRO8_GX,
)
_FROM_MITS_X_4: Final = _set(_V.MITS_X_4, _V.MITS_X_5, _V.MITS_X_6, _V.MITS_X_7, _V.MITS_X_8)

FIXED_LENGTH: Final = Versions("fixed_length", "texts have a field of fixed size", _FIXED)
VARIABLE_LENGTH: Final = Versions(
    "variable_length",
    "texts stand behind their lengths",
    _KNOWN - _FIXED,
    unlisted=True,
    vendor="CTIVersionIsAllowUseNoTestNameLengthLimitMethons",
)
JSON_BODIES: Final = Versions(
    "json_bodies",
    "channels, barcodes and trays travel in JSON, and trays are known at all; lists have no limit",
    _set(_V.MITS_X_SPTT),
    older=_set(),
    vendor="CTIVersionIsSupportJson",
)
RESUME_BY_VALUES: Final = Versions(
    "resume_by_values",
    "the state to resume from travels as a list of codes and values "
    "(the older library only reads it so, and sends it in fields)",
    _set(_V.MITS_X_1, _V.MITS_X_2, _V.MITS_X_SPTT),
)
TIME_SENSITIVE: Final = Versions(
    "time_sensitive",
    "values can be set in real time",
    _FROM_MITS_X_4,
    older=_set(_V.MITS_X_4),
    vendor="CTIVersionIsAllowTimeSensitiveSetMV",
)

#: The sets that choose between variants, or refuse.
TABLE: Final = (FIXED_LENGTH, VARIABLE_LENGTH, JSON_BODIES, RESUME_BY_VALUES, TIME_SENSITIVE)

_TY_PRO8: Final = _set(_V.TY_PRO8_1, _V.TY_PRO8_2, _V.TY_PRO8_4)
_LONG_PRO: Final = _set(_V.TY_PRO7_3, _V.TY_PRO7_4, _V.TY_PRO8_2, _V.TY_PRO8_4)


def _asked(name: str, vendor: str, doc: str, listed: frozenset[int], unlisted: bool = True) -> Versions:
    return Versions(name, doc, listed, unlisted, vendor=vendor)


#: What the vendor's library answers a caller who asks first. It refuses nothing by them.
PREDICATES: Final = (
    _asked("mits_x", "IsMitsXVersion", "it is a MITS X", _MITS_X, unlisted=False),
    _asked(
        "unlimited_lists",
        "CTIVersionIsAllowUnlimitedNumberOfMetaVariables",
        "lists of meta variables have no limit",
        _set(_V.MITS_X_SPTT),
        unlisted=False,
    ),
    _asked(
        "extended_updates",
        "CTIVersionIsAllowAdvancedSetMetaVariablesEx",
        "meta variables can be updated with data types",
        _set(_V.MITS_X_SPTT, _V.TY_PRO8_SPTT),
    ),
    _asked(
        "resume_values",
        "CTIVersionIsAllowResumeByMetavariables",
        "a test can be resumed from a list of values",
        _MITS_X,
        unlisted=False,
    ),
    _asked(
        "files",
        "CTIVersionIsAllowAdvancedAssignFile",
        "files of all kinds can be assigned",
        _MITS_X - {_V.MITS_X_1} | _set(_V.TY_PRO7_2) | _LONG_PRO | _TY_PRO8,
    ),
    _asked(
        "files_pro7",
        "CTIVersionIsAllowAdvancedAssignFilePro7",
        "files of all kinds can be assigned on a Pro 7",
        _set(_V.TY_PRO7_2, _V.TY_PRO7_3, _V.TY_PRO7_4),
    ),
    _asked(
        "reading_values",
        "CTIVersionIsAllowGetMetaVariables",
        "meta variables can be read",
        _KNOWN - {_V.CTI_PRO7, _V.CTI_PRO8, _V.MITS_X_1},
    ),
    _asked(
        "calibration",
        "CTIVersionIsAllowStartAutoCalibration",
        "a calibration can be started",
        _set(_V.CTI_PRO8, _V.PRO8_2, _V.TY_PRO8_SPTT) | _TY_PRO8,
    ),
    _asked(
        "log_interval",
        "CTIVersionIsAllowSetMCULogInterval",
        "the interval of logging can be set",
        _KNOWN - {_V.CTI_PRO7, _V.CTI_PRO8, _V.MITS_X_1, _V.MITS_X_2, _V.MITS_X_3, _V.MITS_X_4},
    ),
    _asked(
        "test_objects",
        "CTIVersionIsAllowMitsXTO",
        "test objects of MITS X",
        _MITS_X - {_V.MITS_X_1},
    ),
    _asked(
        "edited_resume",
        "CTIVersionIsAllowEditAdvResume",
        "the values to resume from can be edited",
        _MITS_X - {_V.MITS_X_1} | _LONG_PRO,
    ),
    _asked(
        "barcodes",
        "CTIVersionIsAllowBracode",
        "barcodes have messages of their own",
        _FROM_MITS_X_4 | _set(_V.MITS_X_SPTT, _V.TY_PRO8_2, _V.TY_PRO8_4),
        unlisted=False,
    ),
    _asked(
        "advanced_start",
        "CTIVersionIsAllowStartChannelAdvanced",
        "assign and start in one message",
        _set(_V.MITS_X_6, _V.MITS_X_7, _V.MITS_X_8),
        unlisted=False,
    ),
    _asked(
        "special_values",
        "CTIVersionIsAllowSpecialSetMV",
        "values of groups can be set",
        _set(_V.MITS_X_7, _V.MITS_X_8, _V.TY_PRO8_4),
        unlisted=False,
    ),
    _asked(
        "aux_mapping",
        "CTIVersionIsAllowGetMappingAux",
        "the mapping of auxiliaries can be read",
        _set(_V.MITS_X_8),
        unlisted=False,
    ),
    _asked(
        "schedule_changes",
        "CTIVersionIsAllowModifySchedule",
        "schedules can be changed",
        _set(_V.MITS_X_8),
        unlisted=False,
    ),
)


def variable_length(version: int) -> bool:
    """Tell whether a server of that version takes and sends texts of variable length."""
    return version in VARIABLE_LENGTH


def json_bodies(version: int) -> bool:
    """Tell whether a server of that version has channels, barcodes and trays in JSON."""
    return version in JSON_BODIES


def time_sensitive(version: int) -> bool:
    """Tell whether values can be set in real time on a server of that version."""
    return version in TIME_SENSITIVE
