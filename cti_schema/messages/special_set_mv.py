"""Set meta variables for a special purpose. An in-house command of the vendor."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import DataType, MetaVariableCode, SpecialSetMvResult
from cti_schema.parts import EventMembers


class SettingSource(f.Code):
    """What the values are set for."""

    FAST_CHARGE = 0, "fast charge", "FastCharge"
    CHILLER = 1, "chiller", "Chiller"


@record
class SpecialValue(Record):
    """One value to set, or its outcome."""

    error: SpecialSetMvResult = f.json_int(
        "Error",
        "u8",
        enum=SpecialSetMvResult,
        default=SpecialSetMvResult.SET_MV_SUCCESS,
        doc="outcome in the feedback; without a meaning in the request",
    )
    enable: bool = f.json_bool("Enable", default=True, doc="whether the entry counts")
    channel_index: int = f.json_int("ChannelIndexInGlobal", "u16", default=0, doc="zero-based channel")
    meta_variable_code: MetaVariableCode = f.json_int(
        "MetaCode", "u16", enum=MetaVariableCode, default=MetaVariableCode.MV_UD1, doc="which variable"
    )
    set_value: float = f.json_float("SetValue", "f32", default=0.0, doc="new value")
    data_type: DataType = f.json_int(
        "DataType", "i32", enum=DataType, default=DataType.MP_DATA_TYPE_META_VALUE, doc="what the code names"
    )


@part
class SpecialSetMvMembers(Part):
    """Members of the feedback itself."""

    task_id: int = f.json_int(
        "TaskID", "i64", default=0, doc="number chosen by the caller; the feedback repeats it"
    )
    setting_source: SettingSource = f.json_int(
        "SettingSource",
        "i32",
        enum=SettingSource,
        default=SettingSource.FAST_CHARGE,
        doc="what the values are set for",
    )
    meta_variable_infos: list[SpecialValue] = f.json_list("MetaVariableInfos", SpecialValue, default=[])


@feedback(
    0xBB240114,
    vendor="THIRD_PARTY_CMD_SPECIAL_SET_MV_FEEDBACK",
    notes="The vendor's client decodes it, but tells its caller nothing of it.",
)
class SpecialSetMvFeedback(SpecialSetMvMembers, EventMembers, Feedback):
    """Outcome of a special set, entry by entry."""


@request(
    0xBB420114,
    effect=CONTROL,
    echo={"task_id": "task_id"},
    vendor="THIRD_PARTY_CMD_SPECIAL_SET_MV",
    notes="Not public in the library, and not in the manual.",
)
class SpecialSetMv(Request[SpecialSetMvFeedback]):
    """Set meta variables for a special purpose. An in-house command of the vendor."""

    task_id: int = f.json_int(
        "TaskID", "i64", default=0, doc="number chosen by the caller; the feedback repeats it"
    )
    setting_source: SettingSource = f.json_int(
        "SettingSource",
        "i32",
        enum=SettingSource,
        default=SettingSource.FAST_CHARGE,
        doc="what the values are set for",
    )
    meta_variable_infos: list[SpecialValue] = f.json_list("MetaVariableInfos", SpecialValue, default=[])
