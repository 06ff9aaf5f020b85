"""Set meta variables for a special purpose. An in-house command of the vendor."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import DataType


class SettingSource(f.Code):
    """Setting source."""

    FAST_CHARGE = 0, "fast charge", "FastCharge"
    CHILLER = 1, "chiller", "Chiller"


@record
class MetaVariableInfo(Record):
    """One entry."""

    error: int = f.json_int(
        "Error",
        "u8",
        default=0,
        doc="result code special_set_mv_result in the feedback; the request sends whatever the caller left there",
    )
    enable: bool = f.json_bool("Enable", default=True)
    channel_index: int = f.json_int("ChannelIndexInGlobal", "u16", default=0, doc="zero-based")
    meta_variable_code: int = f.json_int("MetaCode", "u16", default=52)
    set_value: float = f.json_float("SetValue", "f32", default=0.0)
    data_type: DataType = f.json_int(
        "DataType", "i32", enum=DataType, default=DataType.MP_DATA_TYPE_META_VALUE
    )


@feedback(
    0xBB240114,
    vendor="THIRD_PARTY_CMD_SPECIAL_SET_MV_FEEDBACK",
    notes="Decoded and handed to the protocol event, but no control event.",
)
class SpecialSetMvFeedback(Feedback):
    """Outcome of a special set, entry by entry."""

    task_id: int = f.json_int(
        "TaskID",
        "i64",
        default=0,
        doc="chosen by the caller, not numbered by the library; the feedback has the same member, so echo it",
    )
    setting_source: SettingSource = f.json_int(
        "SettingSource", "i32", enum=SettingSource, default=SettingSource.FAST_CHARGE
    )
    meta_variable_infos: list[MetaVariableInfo] = f.json_list(
        "MetaVariableInfos", MetaVariableInfo, default=[]
    )
    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0)
    extended_command: int = f.json_int("dwCmd_Extend", "u32", ignored=True, default=0)
    socket: None = f.json_null("socket", default=None, doc="must be null or absent")
    channel_index: int = f.json_int(
        "Channel", "i32", default=-1, doc="taken over when present; not used by the JSON messages"
    )
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over when present"
    )


@request(
    0xBB420114,
    effect=CONTROL,
    echo={"task_id": "task_id"},
    vendor="THIRD_PARTY_CMD_SPECIAL_SET_MV",
    notes="The method exists in the assembly but is not public, and the feedback fires no public event: an in-house command. Absent from the manual.",
)
class SpecialSetMv(Request[SpecialSetMvFeedback]):
    """Set meta variables for a special purpose. An in-house command of the vendor."""

    task_id: int = f.json_int(
        "TaskID",
        "i64",
        default=0,
        doc="chosen by the caller, not numbered by the library; the feedback has the same member, so echo it",
    )
    setting_source: SettingSource = f.json_int(
        "SettingSource", "i32", enum=SettingSource, default=SettingSource.FAST_CHARGE
    )
    meta_variable_infos: list[MetaVariableInfo] = f.json_list(
        "MetaVariableInfos", MetaVariableInfo, default=[]
    )
