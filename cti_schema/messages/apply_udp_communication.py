"""Ask for values by UDP."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import DataType, MetaVariableCode


class ApplyUdpResult(f.ResultCode):
    """Whether one value will come."""

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
    CANBMS_DISABLED = 24, "CAN/BMS is switched off", "CTI_APPLY_UDP_COMMUNICATIO_CANBMS_DISABLED"
    NOT_CONNECT_DAQ = 25, "the DAQ is not connected", "CTI_APPLY_UDP_COMMUNICATIO_NOT_CONNECT_DAQ"
    TIMEOUT = 26, "timed out", "CTI_APPLY_UDP_COMMUNICATIO_TIMEOUT"
    MCU_ACK_FAILED = (
        27,
        "the microcontroller did not acknowledge",
        "CTI_APPLY_UDP_COMMUNICATIO_MCU_ACK_FAILED",
    )
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
    SMB_DISABLED = 32, "SMB is switched off", "CTI_APPLY_UDP_COMMUNICATIO_SMB_DISABLED"
    AUX_TYPE_ERROR = 33, "auxiliary type wrong", "CTI_APPLY_UDP_COMMUNICATIO_AUX_TYPE_ERROR"
    OBJ_NULL_ERROR = 34, "an object is missing in the server", "CTI_APPLY_UDP_COMMUNICATIO_OBJ_NULL_ERROR"
    DCOM_ERROR = 35, "DCOM error on the server", "CTI_APPLY_UDP_COMMUNICATIO_DCOM_ERROR"
    WRITE_NOT_SUPPORTED = 36, "writing not supported", "CTI_APPLY_UDP_COMMUNICATIO_WRITE_NOT_SUPPORTED"
    EQ_INDEX_ERROR = 37, "EQ index wrong", "CTI_APPLY_UDP_COMMUNICATIO_EQ_INDEX_ERROR"
    CELL_INDEX_ERROR = 38, "cell index wrong", "CTI_APPLY_UDP_COMMUNICATIO_CELL_INDEX_ERROR"


class ReadWriteMode(f.Code):
    """What the client does with a value."""

    READ = 0, "read", "Read"
    WRITE_AND_READ = 1, "write and read", "WriteAndRead"


@record
class ValueSource(Record):
    """Where one value will come from."""

    global_index: int = f.u16(doc="channel or auxiliary index")
    error: ApplyUdpResult = f.enum(f.u8, ApplyUdpResult, doc="whether the value will come")
    data_type: DataType = f.enum(f.u8, DataType, doc="what the code names")
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which variable")
    mcu_port: int = f.u16(doc="UDP port of the microcontroller")
    mcu_ip: bytes = f.bytes_fixed(4, doc="IPv4 address of the microcontroller, first number first")
    reserved = f.reserved(3)
    read_write_mode: ReadWriteMode = f.enum(f.u8, ReadWriteMode, doc="what the client does with the value")


@feedback(0xBB160001, vendor="THIRD_PARTY_CMD_APPLY_UDP_COMMUNICATION_FEEDBACK")
class ApplyUdpCommunicationFeedback(Feedback):
    """Where the asked values will come from, entry by entry."""

    item_count = f.count(f.u32)
    reserved = f.reserved(8)
    items: list[ValueSource] = f.array(ValueSource, item_count)


@record
class WantedValue(Record):
    """One value that the client wants."""

    global_index: int = f.u16(doc="channel or auxiliary index")
    error: int = f.u8(default=0, doc="sent as 0")
    data_type: DataType = f.enum(
        f.u8, DataType, default=DataType.MP_DATA_TYPE_META_VALUE, doc="what the code names"
    )
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which variable")
    reserved = f.reserved(3)
    read_write_mode: ReadWriteMode = f.enum(f.u8, ReadWriteMode, doc="what the client does with the value")
    value: float = f.f32(default=0.0, doc="sent as 0")


@request(
    0xBB610001,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: all",
    vendor="THIRD_PARTY_CMD_APPLY_UDP_COMMUNICATION",
    notes=(
        "The library refuses an address that is not dotted IPv4. It knows no limit of the entries "
        "(200 were tried). Nothing tells what the datagrams look like."
    ),
)
class ApplyUdpCommunication(Request[ApplyUdpCommunicationFeedback]):
    """Ask for values by UDP."""

    meta_variable_count = f.count(f.u32)
    udp_client_port: int = f.u16(doc="UDP port of the client; manual 1.2.0: 1024 to 65535")
    udp_client_ip: bytes = f.bytes_fixed(4, doc="IPv4 address, first number first")
    reserved = f.reserved(202)
    entries: list[WantedValue] = f.array(WantedValue, meta_variable_count)
    surplus = f.surplus(148)
