"""Ask for values by UDP."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import DataType, MetaVariableCode


class ApplyUdpResult(f.ResultCode):
    """Apply udp result."""

    SUCCESS = 0, "success", "CTI_APPLY_UDP_COMMUNICATIO_SUCCESS"
    ERROR = 16, "error", "CTI_APPLY_UDP_COMMUNICATIO_ERROR"
    DATATYPE_NOTSUPPORT = 17, "data type not supported", "CTI_APPLY_UDP_COMMUNICATIO_DATATYPE_NOTSUPPORT"
    METACODE_NOTEXIST = (
        18,
        "meta variable code does not exist",
        "CTI_APPLY_UDP_COMMUNICATIO_METACODE_NOTEXIST",
    )
    CHANNEL_INDEX_ERROR = 19, "channel index wrong", "CTI_APPLY_UDP_COMMUNICATIO_CHANNEL_INDEX_ERROR"
    AUX_INDEX_ERROR = 20, "auxiliary index wrong", "CTI_APPLY_UDP_COMMUNICATIO_AUX_INDEX_ERROR"
    AUX_NOTASSIGN = 21, "auxiliary not assigned", "CTI_APPLY_UDP_COMMUNICATIO_AUX_NOTASSIGN"
    CANBMS_INDEX_ERROR = 22, "CAN/BMS index wrong", "CTI_APPLY_UDP_COMMUNICATIO_CANBMS_INDEX_ERROR"
    CANBMS_NOTEXIST = 23, "CAN/BMS entry does not exist", "CTI_APPLY_UDP_COMMUNICATIO_CANBMS_NOTEXIST"
    CANBMS_DISABLED = 24, "canbms disabled", "CTI_APPLY_UDP_COMMUNICATIO_CANBMS_DISABLED"
    NOT_CONNECT_DAQ = 25, "DAQ not connected", "CTI_APPLY_UDP_COMMUNICATIO_NOT_CONNECT_DAQ"
    TIMEOUT = 26, "timed out", "CTI_APPLY_UDP_COMMUNICATIO_TIMEOUT"
    MCU_ACK_FAILED = 27, "controller acknowledged failure", "CTI_APPLY_UDP_COMMUNICATIO_MCU_ACK_FAILED"
    METACODE_NOTSUPPORT = (
        28,
        "meta variable code not supported",
        "CTI_APPLY_UDP_COMMUNICATIO_METACODEE_NOTSUPPORT",
    )
    SMB_NOTEXIST = 29, "SMB entry does not exist", "CTI_APPLY_UDP_COMMUNICATIO_SMB_NOTEXIST"
    SMB_INDEX_ERROR = 30, "SMB index wrong", "CTI_APPLY_UDP_COMMUNICATIO_SMB_INDEX_ERROR"
    SMB_NOTSUPPORT_STRING = (
        31,
        "SMB string values not supported",
        "CTI_APPLY_UDP_COMMUNICATIO_SMB_NOTSUPPORT_STRING",
    )
    SMB_DISABLED = 32, "smb disabled", "CTI_APPLY_UDP_COMMUNICATIO_SMB_DISABLED"
    AUX_TYPE_ERROR = 33, "auxiliary type wrong", "CTI_APPLY_UDP_COMMUNICATIO_AUX_TYPE_ERROR"
    OBJ_NULL_ERROR = 34, "internal object missing on the server", "CTI_APPLY_UDP_COMMUNICATIO_OBJ_NULL_ERROR"
    DCOM_ERROR = 35, "DCOM error on the server", "CTI_APPLY_UDP_COMMUNICATIO_DCOM_ERROR"
    WRITE_NOT_SUPPORTED = 36, "writing not supported", "CTI_APPLY_UDP_COMMUNICATIO_WRITE_NOT_SUPPORTED"
    EQ_INDEX_ERROR = 37, "EQ index wrong", "CTI_APPLY_UDP_COMMUNICATIO_EQ_INDEX_ERROR"
    CELL_INDEX_ERROR = 38, "cell index wrong", "CTI_APPLY_UDP_COMMUNICATIO_CELL_INDEX_ERROR"


class ReadWriteMode(f.Code):
    """Read write mode."""

    READ = 0, "read", "Read"
    WRITE_AND_READ = 1, "write and read", "WriteAndRead"


@record
class Item(Record):
    """One entry."""

    global_index: int = f.u16()
    error: ApplyUdpResult = f.enum(f.u8, ApplyUdpResult)
    data_type: DataType = f.enum(f.u8, DataType)
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode)
    mcu_port: int = f.u16()
    mcu_ip: bytes = f.bytes_fixed(4)
    reserved = f.reserved(3)
    read_write_mode: ReadWriteMode = f.enum(f.u8, ReadWriteMode)


@feedback(
    0xBB160001,
    vendor="THIRD_PARTY_CMD_APPLY_UDP_COMMUNICATION_FEEDBACK",
    notes="IP is four bytes in reading order.",
)
class ApplyUdpCommunicationFeedback(Feedback):
    """Where the asked values will come from, entry by entry."""

    item_count = f.count(f.u32)
    reserved = f.reserved(8)
    items: list[Item] = f.array(Item, item_count)


@record
class Entry(Record):
    """One entry."""

    global_index: int = f.u16(doc="channel or auxiliary index")
    error: int = f.u8(default=0, doc="sent as 0")
    data_type: DataType = f.enum(
        f.u8, DataType, default=DataType.MP_DATA_TYPE_META_VALUE, doc="what the code names"
    )
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode)
    reserved = f.reserved(3)
    read_write_mode: ReadWriteMode = f.enum(f.u8, ReadWriteMode)
    value: float = f.f32(default=0.0, doc="sent as 0")


@request(
    0xBB610001,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: all",
    vendor="THIRD_PARTY_CMD_APPLY_UDP_COMMUNICATION",
    notes="Library throws for a text that is not dotted IPv4. No limit on the number of entries up to the 200 tried.",
)
class ApplyUdpCommunication(Request[ApplyUdpCommunicationFeedback]):
    """Ask for values by UDP."""

    meta_variable_count = f.count(f.u32)
    udp_client_port: int = f.u16(doc="port on the client")
    udp_client_ip: bytes = f.bytes_fixed(4, doc="IPv4 address, first number first")
    reserved = f.reserved(202)
    entries: list[Entry] = f.array(Entry, meta_variable_count)
    surplus = f.surplus(148)
