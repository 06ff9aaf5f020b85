"""The table of login versions chooses the variants that the vendor's libraries choose."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cti_schema import versions
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import CtiVersion
from cti_schema.errors import DeclarationError
from cti_schema.messages.assign_barcode import AssignBarcode
from cti_schema.messages.engage_tray import EngageTray
from cti_schema.messages.get_barcode import GetBarcode
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_resume_data import GetResumeData
from cti_schema.messages.get_tray_status import GetTrayStatus
from cti_schema.messages.resume_schedule_ex import ResumeScheduleEx
from cti_schema.messages.set_meta_variables_time_sensitive import SetMetaVariablesTimeSensitive
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.start_schedule_ex import StartScheduleEx
from cti_schema.messages.stop_schedule import StopSchedule
from cti_schema.registry import messages, registry
from tests.schema.support import SHARED

#: The vendor's words for its choices, and the request that is chosen a variant of.
CHOICES: dict[str, type[Request[Any]]] = {
    "start": StartSchedule,
    "start_ex": StartScheduleEx,
    "resume_ex": ResumeScheduleEx,
    "get_resume_data": GetResumeData,
    "channels_data": GetChannelsInfo,
}


def code(base: type[Request[Any]], version: int) -> int:
    return registry().variant(base, version).spec.code


@pytest.mark.parametrize(
    ("version", "codes"),
    [
        (0x00000000, (0xBB320004, 0xCD130002, 0xCD130004, 0xCD130003, 0xEEAB0003)),
        (0x00000001, (0xBB320004, 0xCD130002, 0xCD130004, 0xCD130003, 0xEEAB0003)),
        (0x01000002, (0xBB320004, 0xCD130002, 0xCD130006, 0xCD130005, 0xEEAB0003)),
        (0x01000003, (0xBB320014, 0xCD130012, 0xCD130014, 0xCD130013, 0xEEAB0004)),
        (0x01000008, (0xBB320014, 0xCD130012, 0xCD130014, 0xCD130013, 0xEEAB0004)),
        (0x01001001, (0xBB320004, 0xCD130002, 0xCD130006, 0xCD130005, 0xEEAB0033)),
        (0x08000001, (0xBB320004, 0xCD130002, 0xCD130004, 0xCD130003, 0xEEAB0003)),
        # Numbers that nobody has listed, next to listed ones and far off.
        (0x00000003, (0xBB320014, 0xCD130012, 0xCD130014, 0xCD130013, 0xEEAB0004)),
        (0x01000009, (0xBB320014, 0xCD130012, 0xCD130014, 0xCD130013, 0xEEAB0004)),
        (0xFFFFFFFF, (0xBB320014, 0xCD130012, 0xCD130014, 0xCD130013, 0xEEAB0004)),
    ],
)
def test_variants_by_version(version: int, codes: tuple[int, ...]) -> None:
    assert tuple(code(base, version) for base in CHOICES.values()) == codes


def test_questions() -> None:
    assert [one for one in CtiVersion if versions.json_bodies(one)] == [CtiVersion.MITS_X_SPTT]
    assert [int(one) for one in CtiVersion if versions.time_sensitive(one)] == [
        0x01000004 + n for n in range(5)
    ]
    assert versions.variable_length(0x01000003)
    assert not versions.variable_length(0x01000002)
    assert versions.variable_length(12345)
    assert not versions.time_sensitive(0x01000009)
    assert not versions.json_bodies(0x01001002)


def test_trays_and_barcodes_are_in_json_for_one_version_only() -> None:
    for base in (AssignBarcode, GetBarcode, GetTrayStatus, EngageTray):
        assert registry().variant(base, 0x01001001).spec.form == "json"
        assert registry().variant(base, 0x01000008) is base


def test_a_request_without_variants_stands_for_itself() -> None:
    assert all(registry().variant(StopSchedule, version) is StopSchedule for version in [*CtiVersion, 77])


def test_time_sensitive_request_is_meant_for_its_versions_only() -> None:
    assert SetMetaVariablesTimeSensitive.spec.when is versions.TIME_SENSITIVE
    assert 0x01000004 in versions.TIME_SENSITIVE
    assert 0x01000003 not in versions.TIME_SENSITIVE


def test_at_most_one_variant_fits_a_version() -> None:
    for version in [*map(int, CtiVersion), 0x99]:
        chosen = [
            one.spec.variant_of
            for one in messages()
            if one.spec.variant_of is not None and one.spec.when is not None and version in one.spec.when
        ]
        assert len(chosen) == len(set(chosen)), hex(version)


def test_sets_are_described() -> None:
    every = [*versions.TABLE, *versions.PREDICATES]
    assert len({one.name for one in every}) == len(every)
    assert all(one.doc for one in every)
    known = {int(version) for version in CtiVersion}
    assert all(one.listed <= known for one in every)
    assert versions.FIXED_LENGTH.listed | versions.VARIABLE_LENGTH.listed == known


def test_declaration_errors() -> None:
    @feedback(0x7F000001)
    class OddFeedback(Feedback):
        """An answer."""

    with pytest.raises(DeclarationError, match="Odd: variant_of: say for which versions it stands"):

        @request(0x7F000002, effect=CONTROL, variant_of=StartSchedule)
        class Odd(Request[OddFeedback]):
            """A request."""

    variant = registry().variant(StartSchedule, 0x01000003)
    with pytest.raises(DeclarationError, match="Other: variant_of: StartScheduleVls is a variant itself"):

        @request(0x7F000002, effect=CONTROL, variant_of=variant, when=versions.JSON_BODIES)
        class Other(Request[OddFeedback]):
            """A request."""


def rows() -> list[Any]:
    file = SHARED / "versions.json"
    if not file.exists():
        reason = "the recorded table is not beside this checkout"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    table = json.loads(file.read_text(encoding="utf-8"))["version_table"]
    return [pytest.param(row, id=row["value"]) for row in table]


@pytest.mark.parametrize("row", rows())
def test_recorded_table(row: dict[str, Any]) -> None:
    version, selects = int(row["value"], 16), row["selects"]
    for name, base in CHOICES.items():
        assert f"0x{code(base, version):08X}" == selects[name], name
    assert (selects["time_sensitive"] == "refused") == (not versions.time_sensitive(version))
    for name, base in (("tray_status", GetTrayStatus), ("engage_tray", EngageTray)):
        chosen = registry().variant(base, version)
        assert (selects[name] == "refused") == (chosen.spec.form == "binary"), name
        assert selects[name] in ("refused", f"0x{chosen.spec.code:08X}")
    for name, base in (("assign_barcode", AssignBarcode), ("get_barcode", GetBarcode)):
        chosen = registry().variant(base, version)
        expected = selects[f"{name}_json"]
        assert f"0x{chosen.spec.code:08X}" == (
            selects[f"{name}_classic"] if expected == "refused" else expected
        )


@pytest.mark.parametrize("row", rows())
def test_recorded_choices_of_the_older_library(row: dict[str, Any]) -> None:
    older = row.get("older_library_1_1_0_0_selects")
    if older is None:
        pytest.skip("it was not tried with this number")
    version = int(row["value"], 16)
    # It reads resume data in values, but sends them in fields; it has no JSON.
    differing = {name: value for name, value in older.items() if row["selects"][name] != value}
    if version in versions.RESUME_BY_VALUES:
        assert differing.pop("resume_ex") == "0xCD130004"
    if version in versions.JSON_BODIES:
        assert versions.JSON_BODIES.older == frozenset()
        assert differing.pop("channels_data") == "0xEEAB0003"
    assert differing == {}


@pytest.mark.parametrize("row", rows())
def test_recorded_predicates(row: dict[str, Any]) -> None:
    version = int(row["value"], 16)

    def full(name: str) -> str:
        return name if name.startswith(("CTIVersion", "Is")) else f"CTIVersionIsAllow{name}"

    expected = {full(name) for name in row["predicates_true"]}
    every = [*versions.TABLE, *versions.PREDICATES]
    assert {one.vendor for one in every if one.vendor and version in one} == expected
