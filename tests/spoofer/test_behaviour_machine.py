"""What stands around the channels, and what is about the machine as a whole."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cti_schema.derive.defaults import default
from cti_schema.enums import (
    AssignBarcodeResult,
    AuxGroup,
    BarcodeChannelType,
    ChannelStatus,
    GetBarcodeResult,
    NeedType,
    ResumeResult,
    StartResult,
)
from cti_schema.messages import (
    assign_barcode,
    assign_barcode_json,
    engage_tray_json,
    get_barcode,
    get_barcode_json,
    modify_schedule,
)
from cti_schema.messages.assign_file import AssignFileKind
from cti_schema.messages.assign_schedule import AssignScheduleResult
from cti_schema.messages.continue_schedule import ContinueResult
from cti_schema.messages.convert_test_object import ConvertTestObject, ConvertTestObjectResult
from cti_schema.messages.custom_callback import CustomCallback
from cti_schema.messages.engage_tray import EngageTray, EngageTrayResult, TrayOrder
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_channels_info_ex import GetChannelsInfoEx
from cti_schema.messages.get_channels_info_json import GetChannelsInfoJson, SpttCellStatus
from cti_schema.messages.get_channels_info_sptt import GetChannelsInfoSptt, SpttItemType
from cti_schema.messages.get_channels_info_vls import GetChannelsInfoVls
from cti_schema.messages.get_machine_type import GetMachineType, MachineType
from cti_schema.messages.get_mapping_aux import AuxChannelTypeJson, GetMappingAux
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.get_t_chamber_mapping import GetTChamberMapping
from cti_schema.messages.get_tray_status import GetTrayStatus, GetTrayStatusResult, TrayStatus
from cti_schema.messages.get_tray_status_json import GetTrayStatusJson
from cti_schema.messages.modify_schedule import ModifySchedule, ModifyScheduleResult
from cti_schema.messages.send_message import SendMessage, SendMessageResult
from cti_schema.messages.set_log_interval import SetIntervalTimeLogDataResult, SetLogInterval
from cti_schema.messages.start_automatic_calibration import (
    AutoCalibrationResult,
    StartAutomaticCalibration,
)
from cti_schema.messages.update_parameters import (
    Parameter,
    UpdateParameterDataType,
    UpdateParameterResult,
    UpdateParameters,
)
from spoofer import Connection, Device
from tests.spoofer.helpers import Clock, logged_in, one

IV, EQ, CELL, TRAY = BarcodeChannelType


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> Device:
    return Device(channels=12, clock=clock)


@pytest.fixture
def connection(device: Device) -> Connection:
    return logged_in(device)


def run(device: Device, index: int, name: str = "a") -> None:
    device.assign(index, "any")
    assert device.start([index], name) == [StartResult.SUCCESS]


# --- reading -------------------------------------------------------------------------------------

ALL = NeedType(0x1F00)


@pytest.mark.parametrize("read", [GetChannelsInfo, GetChannelsInfoVls])
def test_what_is_asked_for_besides(clock: Clock, read: Any) -> None:
    aux = dict.fromkeys(AuxGroup, 1) | {AuxGroup.T: 3}
    del aux[AuxGroup.MAX_NUM]
    device = Device(channels=2, clock=clock, aux=aux)
    connection = logged_in(device)
    device.assign_file(1, AssignFileKind.CANBMS, "pack.can")
    device.assign_file(1, AssignFileKind.SMB, "pack.smb")
    plain, bus = one(connection, default(read, aux_options=ALL)).channels
    (reading,) = device.readings([1])
    assert (bus.can_config_name, bus.smb_config_name) == ("pack.can", "pack.smb")
    assert [(value.index, value.unit) for value in bus.bms] == [(0, "V"), (1, "A"), (2, "degC")]
    assert bus.bms[0].value == reading.voltage_v
    assert [(value.index, int(value.value_type), value.unit) for value in bus.smb] == [
        (0, 0, "V"),
        (1, 0, "degC"),
        (2, 1, ""),
    ]
    assert [value.value for value in bus.smb] == [reading.voltage_v, reading.temperature_degc, "Emulated"]
    assert (plain.bms, plain.smb) == ([], [])
    assert [len(getattr(plain, name)) for name in ("aux_temperature", "aux_voltage", "aux_ao")] == [3, 1, 1]
    assert plain.aux_pressure[0].value == pytest.approx(101.3)
    only = one(connection, default(read, channel_index=1, aux_options=NeedType(0x100))).channels[0]
    assert (len(only.bms), only.smb, only.aux_temperature) == (3, [], [])


def test_json(connection: Connection, device: Device, clock: Clock) -> None:
    run(device, 1)
    device.assign_file(0, AssignFileKind.CANBMS, "pack.can")
    device.assign_file(0, AssignFileKind.SMB, "pack.smb")
    device.assign_file(0, AssignFileKind.CHART, "c.cht")
    clock.now += 110.0
    bus, busy = one(connection, default(GetChannelsInfoJson, aux_options=0x1F00)).channels[:2]
    (reading,) = device.readings([1])
    assert (busy.channel_index, busy.status, busy.comm_failure) == (1, ChannelStatus.CHARGE, False)
    assert (busy.step_index, busy.cycle_index, busy.test_time_s, busy.current_a) == (2, 1, 110.0, 1.25)
    assert busy.voltage_v == pytest.approx(reading.voltage_v, rel=1e-6)
    assert (busy.test_object, busy.nominal_capacity_ah) == ("", 2.5)
    assert (bus.chart_name, len(bus.can), len(bus.smb)) == ("c.cht", 3, 3)
    assert [value.value for value in bus.smb][2] == "Emulated"
    assert [detail.alias_name for detail in bus.can_details] == [
        "Pack voltage",
        "Pack current",
        "Pack temperature",
    ]
    assert [len(group or []) for group in busy.aux_values] == [0, 1, *[0] * 10]
    (detail,) = busy.aux_details[1]
    assert (detail.aux_type, detail.aux_global_id, detail.aux_virtual_id) == ("T", 1, 0)
    (eq,) = busy.eqs
    assert (eq.global_index, eq.current_a) == (1, 1.25)
    assert [(cell.global_index, cell.parent_eq_index, cell.virtual_index) for cell in busy.cells] == [
        (4, 1, 0),
        (5, 1, 1),
        (6, 1, 2),
        (7, 1, 3),
    ]
    assert busy.cells[0].status is SpttCellStatus.CHARGING
    plain = one(connection, default(GetChannelsInfoJson, channel_index=1)).channels[0]
    assert (plain.eqs, plain.cells, plain.can, plain.smb) == ([], [], None, None)
    assert plain.aux_values == [None] * 12


def test_sptt_has_every_cell_behind_its_eq(connection: Connection, device: Device) -> None:
    items = one(connection, GetChannelsInfoSptt()).items
    assert len(items) == 12 * 5
    for index in range(12):
        eq, *cells = items[5 * index : 5 * index + 5]
        assert (eq.item_type, eq.global_index, eq.parent_index) == (SpttItemType.EQ, index, index)
        assert [(cell.item_type, cell.global_index, cell.parent_index) for cell in cells] == [
            (SpttItemType.CELL, 4 * index + number, index) for number in range(4)
        ]
    assert [item.global_index for item in one(connection, GetChannelsInfoSptt(channel_index=2)).items] == [
        2, 8, 9, 10, 11,
    ]  # fmt: skip
    assert one(connection, GetChannelsInfoSptt(channel_index=12)).items == []


@pytest.mark.parametrize("channels", [1, 512, 683, 2048])
def test_sptt_never_has_more_than_the_client_takes(channels: int) -> None:
    items = one(Connection(Device(channels=channels, clock=Clock())), GetChannelsInfoSptt()).items
    assert len(items) <= 2048
    assert max(item.global_index for item in items) < 2048
    assert len({(item.item_type, item.global_index) for item in items}) == len(items)


# --- the machine ---------------------------------------------------------------------------------


def test_machine_type() -> None:
    for sptt, kind in ((True, MachineType.ALL), (False, MachineType.IV)):
        device = Device(channels=2, clock=Clock(), sptt=sptt)
        assert one(Connection(device), GetMachineType()).machine_type is kind
        assert bool(one(Connection(device), GetChannelsInfoSptt()).items) == sptt


def test_a_serial_number_beyond_the_sign() -> None:
    connection = Connection(Device(clock=Clock(), serial_number=2**32 - 1))
    assert one(connection, GetSerialNumber()).serial_number == -1


def test_chambers(connection: Connection) -> None:
    groups = one(connection, GetTChamberMapping()).groups
    assert [(group.group_name, group.channels) for group in groups] == [
        ("Chamber 1", list(range(8))),
        ("Chamber 2", list(range(8, 12))),
    ]


def test_mapping_of_auxiliaries(clock: Clock) -> None:
    device = Device(channels=2, clock=clock, aux={AuxGroup.T: 2, AuxGroup.AO: 1, AuxGroup.PH: 1})
    feedback = one(Connection(device), GetMappingAux(task_id=9))
    assert feedback.task_id == 9
    assert [
        (info.channel_index, [(aux.aux_channel_type, aux.aux_count) for aux in info.aux_channel_infos])
        for info in feedback.mapping_infos
    ] == [(index, [(AuxChannelTypeJson.TEMPERATURE, 2), (AuxChannelTypeJson.AO, 1)]) for index in (0, 1)]


L = SetIntervalTimeLogDataResult


@pytest.mark.parametrize(
    ("interval_s", "result"),
    [(0.005, L.SUCCESS), (3.0, L.SUCCESS), (0.0049, L.EXCEED_LIMIT), (3.01, L.EXCEED_LIMIT),
     (-1.0, L.EXCEED_LIMIT), (math.nan, L.EXCEED_LIMIT), (math.inf, L.EXCEED_LIMIT)],
)  # fmt: skip
def test_log_interval(
    connection: Connection, device: Device, interval_s: float, result: SetIntervalTimeLogDataResult
) -> None:
    feedback = one(connection, SetLogInterval(interval_s=interval_s))
    assert feedback.result is result
    assert feedback.message == ("" if result.is_success else "0.005 to 3.0 s are allowed")
    assert device.log_interval_s == pytest.approx(interval_s if result.is_success else 1.0)


def test_log_interval_with_a_channel_that_is_lost(connection: Connection, device: Device) -> None:
    device.lose(3)
    assert one(connection, SetLogInterval(interval_s=0.5)).result is L.PARTIAL_SUCCESS
    assert one(Connection(device), SetLogInterval(interval_s=0.25)).result is L.FAILED
    assert device.log_interval_s == 0.5


def test_a_message_to_the_operator(connection: Connection, device: Device) -> None:
    text = "2026-01-02 03:04:05<-->{\\rtf1 hello}"
    assert one(connection, SendMessage(message=text)).result is SendMessageResult.SUCCESS
    assert one(connection, SendMessage(message="hello")).result is SendMessageResult.FAILED
    assert one(Connection(device), SendMessage(message=text)).result is SendMessageResult.FAILED
    assert list(device.messages) == [text]


def test_calibration(connection: Connection, device: Device, clock: Clock) -> None:
    A = AutoCalibrationResult
    run(device, 1)
    assert one(connection, StartAutomaticCalibration()).result is A.FAILED
    device.stop(1)
    assert one(Connection(device), StartAutomaticCalibration()).result is A.FAILED
    device.calibration_window_open = False
    assert one(connection, StartAutomaticCalibration()).result is A.FAILED
    device.calibration_window_open = True
    assert one(connection, StartAutomaticCalibration()).result is A.SUCCESS
    assert device.readings([0])[0].status is ChannelStatus.CALIBRATION
    assert device.continue_(0) is ContinueResult.CHANNEL_CALIBRATING
    assert device.start([1], "b") == [StartResult.CHANNEL_RUNNING]
    assert device.resume(1) is ResumeResult.CHANNEL_RUNNING
    clock.now += 30.0
    assert device.readings([0])[0].status is ChannelStatus.IDLE
    assert device.resume(1) is ResumeResult.SUCCESS


# --- barcodes ------------------------------------------------------------------------------------


def assign_(connection: Connection, kind: BarcodeChannelType, *entries: tuple[int, str, str]) -> list[Any]:
    wanted = [
        default(assign_barcode.NewBarcode, global_index=index, barcode=barcode, info=info)
        for index, barcode, info in entries
    ]
    feedback = one(connection, assign_barcode.AssignBarcode(channel_type=kind, entries=wanted))
    assert feedback.channel_type == kind
    assert [(item.global_index, item.barcode, item.info) for item in feedback.items] == list(entries)
    return [item.error for item in feedback.items]


def get_(connection: Connection, kind: BarcodeChannelType, *indices: int) -> list[tuple[Any, str, str]]:
    entries = [get_barcode.BarcodePlace(global_index=index) for index in indices]
    items = one(connection, get_barcode.GetBarcode(channel_type=kind, entries=entries)).items
    assert [item.global_index for item in items] == list(indices)
    return [(item.error, item.barcode, item.info) for item in items]


B, G = AssignBarcodeResult, GetBarcodeResult


def test_barcodes(connection: Connection, device: Device) -> None:
    assert assign_(connection, IV, (3, "IV-Ω", "first"), (12, "x", "")) == [
        B.BARCODE_SUCCESS,
        B.BARCODE_CHANNEL_INDEX,
    ]
    assert assign_(connection, EQ, (3, "EQ", ""), (12, "", "")) == [B.BARCODE_SUCCESS, B.BARCODE_EQ_INDEX]
    assert assign_(connection, CELL, (47, "C", ""), (48, "", "")) == [B.BARCODE_SUCCESS, B.BARCODE_CELL_INDEX]
    assert assign_(connection, TRAY, (1, "T", ""), (2, "", "")) == [B.BARCODE_SUCCESS, B.BARCODE_TRAY_INDEX]
    assert assign_(connection, BarcodeChannelType(9), (1, "", "")) == [B.BARCODE_CHANNEL_TYPE_NOT_SUPPORT]
    assert get_(connection, IV, 3, 12, 0) == [
        (G.SUCCESS, "IV-Ω", "first"), (G.CHANNEL_INDEX, "", ""), (G.SUCCESS, "", "")
    ]  # fmt: skip
    assert get_(connection, EQ, 3, 12) == [(G.SUCCESS, "EQ", ""), (G.EQ_INDEX, "", "")]
    assert get_(connection, CELL, 47, 48) == [(G.SUCCESS, "C", ""), (G.CELL_INDEX, "", "")]
    assert get_(connection, TRAY, 1, 2) == [(G.SUCCESS, "T", ""), (G.TRAY_INDEX, "", "")]
    assert get_(connection, BarcodeChannelType(9), 1) == [(G.CHANNEL_TYPE_NOT_SUPPORT, "", "")]
    assert device.readings([3])[0].barcode == "IV-Ω"
    # Nobody changes the barcode of what is being tested.
    run(device, 3)
    running = [B.BARCODE_CHANNEL_RUNNING]
    assert assign_(connection, IV, (3, "new", "")) == running
    assert assign_(connection, EQ, (3, "new", "")) == running
    assert assign_(connection, CELL, (15, "new", "")) == running
    assert assign_(connection, TRAY, (0, "new", "")) == running
    assert assign_(Connection(device), IV, (4, "new", "")) == [B.BARCODE_ERROR]
    assert get_(connection, IV, 3, 4) == [(G.SUCCESS, "IV-Ω", "first"), (G.SUCCESS, "", "")]


def test_barcodes_in_json(connection: Connection) -> None:
    long = "b" * 100
    infos = [
        default(assign_barcode_json.NewBarcode, channel_type=IV, global_index=1, barcode=long, info="i"),
        default(assign_barcode_json.NewBarcode, channel_type=TRAY, global_index=0, barcode=None),
        default(assign_barcode_json.NewBarcode, channel_type=CELL, global_index=-1, barcode="x"),
    ]
    outcomes = one(connection, assign_barcode_json.AssignBarcodeJson(barcode_infos=infos)).barcode_infos
    assert [(one.channel_type, one.global_index, one.error) for one in outcomes] == [
        (IV, 1, B.BARCODE_SUCCESS),
        (TRAY, 0, B.BARCODE_SUCCESS),
        (CELL, -1, B.BARCODE_CELL_INDEX),
    ]
    places = [
        get_barcode_json.BarcodePlace(channel_type=kind, global_index=index)
        for kind, index in ((IV, 1), (TRAY, 0), (EQ, 99))
    ]
    found = one(connection, get_barcode_json.GetBarcodeJson(barcode_infos=places)).barcode_infos
    assert [(one.error, one.barcode, one.info) for one in found] == [
        (G.SUCCESS, long, "i"),
        (G.SUCCESS, "", ""),
        (G.EQ_INDEX, "", ""),
    ]
    # The binary field has room for 72 units, and everybody can still read the channel.
    assert get_(connection, IV, 1) == [(G.SUCCESS, "b" * 72, "i")]
    assert one(connection, GetChannelsInfo(channel_index=1)).channels[0].barcode == "b" * 72


def test_a_machine_without_sptt_has_no_other_barcodes() -> None:
    connection = logged_in(Device(channels=2, clock=Clock(), sptt=False))
    assert assign_(connection, TRAY, (0, "T", "")) == [B.BARCODE_SPTTMAPPING]
    assert get_(connection, CELL, 0) == [(G.SPTTMAPPING, "", "")]
    assert assign_(connection, IV, (0, "I", "")) == [B.BARCODE_SUCCESS]


# --- trays ---------------------------------------------------------------------------------------

E, S = EngageTrayResult, GetTrayStatusResult


def engage(connection: Connection, *orders: tuple[int, int]) -> list[Any]:
    entries = [TrayOrder(tray_index=index, engage=down) for index, down in orders]
    trays = one(connection, EngageTray(entries=entries)).trays
    assert [(tray.global_index, tray.engage) for tray in trays] == list(orders)
    return [tray.error for tray in trays]


def status(connection: Connection, *indices: int) -> list[tuple[Any, Any, int]]:
    trays = one(connection, GetTrayStatus(tray_indices=list(indices))).trays
    assert [tray.tray_index for tray in trays] == list(indices)
    return [(tray.error, tray.tray_status, tray.changed) for tray in trays]


def test_trays(connection: Connection, device: Device) -> None:
    released = (S.SUCCESS, TrayStatus.DISENGAGED, 0)
    missing = (S.INDEX_ERROR, TrayStatus.DISENGAGED, 0)
    assert status(connection, 0, 1, 2) == [released, released, missing]
    assert engage(connection, (0, 1), (2, 1)) == [E.SUCCESS, E.ERROR_INDEX]
    assert status(connection, 0, 1) == [(S.SUCCESS, TrayStatus.ENGAGED, 1), released]
    run(device, 9)
    assert engage(connection, (1, 1)) == [E.ENGAGE_TRAY_ERROR_CHANNEL_RUNNING]
    assert engage(Connection(device), (0, 0)) == [E.ERROR]
    assert engage(connection, (0, 0)) == [E.SUCCESS]
    assert status(connection, 0) == [(S.SUCCESS, TrayStatus.DISENGAGED, 1)]
    for index in range(8):
        device.lose(index)
    assert engage(connection, (0, 1)) == [E.ERROR_NETWORK]
    assert status(connection, 0) == [(S.ERROR_NETWORK, TrayStatus.MALFUNCTION, 1)]


def test_trays_in_json(connection: Connection, device: Device) -> None:
    orders = [engage_tray_json.TrayOrder(global_index=index, engage=True) for index in (1, -1)]
    outcomes = one(connection, engage_tray_json.EngageTrayJson(engage_trays=orders)).engage_tray_infos
    assert [(one.global_index, one.error, one.engage) for one in outcomes] == [
        (1, E.SUCCESS, True),
        (-1, E.ERROR_INDEX, True),
    ]
    # The state is that of the other form.
    assert status(connection, 1) == [(S.SUCCESS, TrayStatus.ENGAGED, 1)]
    up, down, missing = one(connection, GetTrayStatusJson(tray_index_list=[0, 1, -1])).tray_status_infos
    assert (up.is_engagement_down, up.is_engagement_up, up.is_tray_inserted) == (False, True, True)
    assert (down.is_engagement_down, down.is_engagement_up, down.is_tray_inserted) == (True, False, True)
    assert (missing.is_tray_inserted, missing.error, missing.meta_values) == (False, S.INDEX_ERROR, [])
    assert [(value.alias_name, value.value) for value in down.meta_values] == [
        (f"T{number}", 25.0) for number in range(9, 13)
    ]


# --- test objects --------------------------------------------------------------------------------

P, U = UpdateParameterDataType, UpdateParameterResult


def update(connection: Connection, indices: list[int], for_all: int = 0, **values: float) -> Any:
    parameters = [Parameter(parameter_type=P[name], value=value) for name, value in values.items()]
    request = UpdateParameters(for_all_channels=for_all, parameters=parameters, channel_indices=indices)
    return one(connection, request)


def test_parameters(connection: Connection, device: Device) -> None:
    run(device, 2)
    feedback = update(connection, [1, 2, 99], NORM_CAPACITY=3.0, V_MAX=4.3, N_CAPACITANCE=1e300)
    assert [(one.channel_index, one.result) for one in feedback.channel_results] == [
        (1, U.SUCCESS),
        (2, U.CHANNEL_RUNNING_ERROR),
        (99, U.INDEX),
    ]
    assert (feedback.result, feedback.channel_count, feedback.for_all_channels) == (
        U.CHANNEL_RUNNING_ERROR,
        3,
        0,
    )
    assert feedback.reason == "channel is running"
    (told,) = one(connection, GetChannelsInfoEx(channel_index=1)).channels
    assert (told.nominal_capacity_ah, told.nominal_capacitance_f) == (3.0, 0.0)
    assert told.max_voltage_charge_v == pytest.approx(4.3)
    device.stop(2)
    feedback = update(connection, [], for_all=1, MASS=10.0, S_CAPACITY=0.2, IS_AUTO_CALCULATE=1.0)
    assert (feedback.result, feedback.for_all_channels, feedback.channel_results) == (U.SUCCESS, 1, [])
    told = one(connection, GetChannelsInfoEx()).channels
    assert [one.nominal_capacity_ah for one in told] == pytest.approx([2.0] * 12)
    assert {one.auto_calculate for one in told} == {1}
    assert update(Connection(device), [1], MASS=1.0).result is U.ERROR


def test_anonymous_and_named(connection: Connection, device: Device) -> None:
    C = ConvertTestObjectResult

    def convert(to_anonymous: int, *indices: int, for_all: int = 0) -> list[Any]:
        request = ConvertTestObject(
            channel_count=len(indices),
            to_anonymous=to_anonymous,
            for_all_channels=for_all,
            channel_indices=list(indices),
        )
        results = one(connection, request).channel_results
        return [(one.channel_index, one.result) for one in results]

    device.assign_file(1, AssignFileKind.TEST_OBJECT, "cell.to")
    run(device, 2)
    assert convert(1, 0, 1, 2, 99) == [
        (0, C.NO_TEST_OBJECT_FILE),
        (1, C.SUCCESS),
        (2, C.CHANNEL_IS_RUNNING),
        (99, C.FAILED),
    ]
    assert convert(0, 1) == [(1, C.SUCCESS)]
    assert [one.test_object_name for one in one(connection, GetChannelsInfoEx()).channels[:2]] == [
        "",
        "Channel_2.to",
    ]
    device.stop(2)
    assert convert(0, for_all=1) == [(index, C.SUCCESS) for index in range(12)]


# --- schedules -----------------------------------------------------------------------------------


def modify(connection: Connection, name: str, **requirements: Any) -> Any:
    change = default(modify_schedule.ScheduleChange, schedule_name=name, **requirements)
    feedback = one(connection, ModifySchedule(task_id=5, schedule_modify_infos=[change]))
    assert feedback.task_id == 5
    (outcome,) = feedback.schedule_modify_infos
    assert outcome.schedule_name == name
    assert bool(outcome.message) != outcome.result.is_success
    return outcome.result


def needs(count: int, low: float = 0.0, high: float = 60.0) -> Any:
    scope = modify_schedule.SafetyScope(low=low, high=high)
    return modify_schedule.ScopedRequirement(enable=True, aux_count=count, safety_scope=scope)


def test_what_a_schedule_requires(connection: Connection, device: Device) -> None:
    M = ModifyScheduleResult
    run(device, 1)
    assert modify(connection, "any", aux_temperature_requirement=needs(1)) is M.MODIFY_SCHEDUL_RUNNING_ERROR
    assert modify(connection, "", aux_temperature_requirement=needs(1)) is M.MODIFY_SCHEDUL_NAME_EMPTY_ERROR
    assert modify(connection, "x\0y") is M.MODIFY_SCHEDUL_NOT_EXIST_ERROR
    assert modify(connection, "x", aux_temperature_requirement=needs(13)) is (
        M.MODIFY_AUX_COUNT_EXCEED_SYSCONFIG_ERROR
    )
    assert modify(connection, "x", aux_temperature_requirement=needs(2)) is (
        M.MODIFY_AUX_COUNT_EXCEED_MAPPING_ERROR
    )
    assert modify(connection, "x", aux_temperature_requirement=needs(1, 5.0, 4.0)) is (
        M.MODIFY_AUX_SAFETY_SCOPE_ERROR
    )
    assert modify(Connection(device), "x") is M.MODIFY_NO_LOGIN_ERROR
    assert modify(connection, "x", aux_temperature_requirement=needs(1)) is M.MODIFY_SUCCESS
    assert device.assign(0, "x") is AssignScheduleResult.SUCCESS
    # An operator takes the sensors away.
    device.equipment.aux = {}
    assert device.assign(0, "x") is AssignScheduleResult.FILE_SCHEDULE_NOT_AUX_REQUIREMENT
    assert device.start([0], "b") == [StartResult.AUX_CHANNEL_MAP]


# --- functions that are called -------------------------------------------------------------------


def call(connection: Connection, kind: str, sn: int = 7, **data: Any) -> dict[str, Any]:
    document = {"Header": {"Type": kind, "SN": sn}, "Data": data}
    found: dict[str, Any] = one(connection, CustomCallback(document=document)).document
    assert found["Header"] == {"SN": sn, "Type": kind.removesuffix("Request") + "Response"}
    answer: dict[str, Any] = found["Data"]
    return answer


def test_uds_signals(connection: Connection, device: Device) -> None:
    fine = {"Code": 0, "Message": "", "Type": "Sys"}
    values = [{"Name": "s1", "Value": "1.5"}]
    assert call(connection, "SetRequestUDSSignalValueRequest", GlobalChannelIndex=4, Values=values) == {
        "Code": fine,
        "ErrorSignals": [],
    }
    asked: dict[str, Any] = {"GlobalChannelIndex": 4, "MessageName": "M", "GetSignalValues": ["s1", "s2"]}
    expected = [
        {"Name": "s1", "Value": "1.5", "UDSSignalStatus": 0},
        {"Name": "s2", "Value": "", "UDSSignalStatus": 3},
    ]
    assert call(connection, "GetUDSSignalValueRequest", **asked) == {"Code": fine, "SignalValues": expected}
    # Looking needs no right.
    assert call(Connection(device), "GetUDSSignalValueRequest", **asked)["SignalValues"] == expected
    assert call(connection, "SendUDSMessageRequest", GlobalChannelIndex=4) == {
        "Code": fine,
        "ResponseSignalValues": [],
    }
    assert call(connection, "ExecUDSUnlockRequest", GlobalChannelIndex=4) == {"Code": fine}


def test_calls_that_fail_have_the_number_too(connection: Connection, device: Device) -> None:
    for client, kind, data, message in (
        (connection, "OtherRequest", {}, "no such function"),
        (connection, "SendUDSMessageRequest", {"GlobalChannelIndex": 12}, "no such channel"),
        (connection, "SendUDSMessageRequest", {"GlobalChannelIndex": "x"}, "no such channel"),
        (
            Connection(device),
            "ExecUDSUnlockRequest",
            {"GlobalChannelIndex": 1},
            "the right to control is missing",
        ),
    ):
        assert call(client, kind, **data) == {"Code": {"Code": -1, "Message": message, "Type": "Sys"}}
    odd = one(connection, CustomCallback(document={"Header": 5, "Data": [1]})).document
    assert (odd["Header"]["SN"], odd["Data"]["Code"]["Code"]) == (0, -1)
