"""Enumerations that several messages use, and those that no field carries: tables of values, no logic."""

from __future__ import annotations

from cti_schema import enumerations as f


class LoginResult(f.ResultCode):
    """Outcome of a login."""

    SUCCESS = 1, "logged in", "CTI_LOGIN_SUCCESS"
    FAILED = 2, "no permission, not logged in", "CTI_LOGIN_FAILED"
    BEFORE_SUCCESS = f.ok(3, "already logged in before; nothing changed", "CTI_LOGIN_BEFORE_SUCCESS")


class CtiVersion(f.Code):
    """Version of the server, which selects the variants of messages."""

    NONE = 0x00000000, "MITS Pro 7, or not told", "None"
    CTI_PRO7 = 0x00000000, "MITS Pro 7", "CTI_PRO7"
    CTI_PRO8 = 0x00000001, "MITS Pro 8; seen from a real cycler", "CTI_PRO8"
    PRO8_2 = 0x00000002, "MITS Pro 8, second version", "Pro8_2"
    MITS_X_1 = 0x01000001, "MITS X, version 1", "MitsX_1"
    MITS_X_2 = 0x01000002, "MITS X, version 2", "MitsX_2"
    MITS_X_3 = 0x01000003, "MITS X, version 3", "MitsX_3"
    MITS_X_4 = 0x01000004, "MITS X, version 4", "MitsX_4"
    MITS_X_5 = 0x01000005, "MITS X, version 5", "MitsX_5"
    MITS_X_6 = 0x01000006, "MITS X, version 6", "MitsX_6"
    MITS_X_7 = 0x01000007, "MITS X, version 7", "MitsX_7"
    MITS_X_8 = 0x01000008, "MITS X, version 8", "MitsX_8"
    MITS_X_SPTT = 0x01001001, "MITS X for SPTT machines; the only one with JSON bodies", "MitsX_SPTT"
    PRO7_MVUD = 0x02000001, "MITS Pro 7 that can update user variables", "Pro7_MVUD"
    TY_PRO7_2 = 0x02000002, "MITS Pro 7, TY version 2", "TY_Pro7_2"
    TY_PRO7_3 = 0x02000003, "MITS Pro 7, TY version 3", "TY_Pro7_3"
    TY_PRO7_4 = 0x02000004, "MITS Pro 7, TY version 4", "TY_Pro7_4"
    TY_PRO8_1 = 0x04000001, "MITS Pro 8, TY version 1", "TY_Pro8_1"
    TY_PRO8_2 = 0x04000002, "MITS Pro 8, TY version 2", "TY_Pro8_2"
    TY_PRO8_4 = 0x04000003, "MITS Pro 8, TY version 4", "TY_Pro8_4"
    TY_PRO8_SPTT = 0x04001001, "MITS Pro 8, TY version for SPTT machines", "TY_Pro8_SPTT"
    ZY_PRO8_GX = 0x08000001, "MITS Pro 8, ZY version GX", "ZY_Pro8_GX"


class StartResult(f.ResultCode):
    """Outcome of a start."""

    SUCCESS = 0, "success", "CTI_START_SUCCESS"
    INDEX = 16, "channel index does not exist", "CTI_START_INDEX"
    ERROR = (
        17,
        "someone uses the monitor, control, start or resume window, or the right to control is missing",
        "CTI_START_ERROR",
    )
    CHANNEL_RUNNING = 18, "channel is running or unsafe", "CTI_START_CHANNEL_RUNNING"
    CHANNEL_NOT_CONNECT = 19, "channel is not connected to the DAQ", "CTI_START_CHANNEL_NOT_CONNECT"
    SCHEDULE_VALID = (
        20,
        "schedule does not fit the system configuration, or is another machine's",
        "CTI_START_SCHEDULE_VALID",
    )
    NO_SCHEDULE_ASSIGNED = 21, "no schedule assigned to the channel", "CTI_START_NO_SCHEDULE_ASSIGNED"
    SCHEDULE_VERSION = 22, "schedule version does not match the MITS version", "CTI_START_SCHEDULE_VERSION"
    POWER_PROTECTED = 23, "documented as not used", "CTI_START_POWER_PROTECTED"
    RESULTS_FILE_SIZE_LIMIT = 24, "documented as not used", "CTI_START_RESULTS_FILE_SIZE_LIMIT"
    STEP_NUMBER = 25, "invalid step number", "CTI_START_STEP_NUMBER"
    NO_CAN_CONFIGURATION_ASSIGNED = 26, "documented as not used", "CTI_START_NO_CAN_CONFIGURATON_ASSIGNED"
    AUX_CHANNEL_MAP = 27, "auxiliary count in the schedule is invalid", "CTI_START_AUX_CHANNEL_MAP"
    BUILD_AUX_COUNT = 28, "built-in auxiliary count is invalid", "CTI_START_BUILD_AUX_COUNT"
    POWER_CLAMP_CHECK = 29, "documented as not used", "CTI_START_POWER_CLAMP_CHECK"
    AI = 30, "auxiliary test settings need checking", "CTI_START_AI"
    NO_GROUP_CHANNEL = 31, "no channel selected", "CTI_START_SAFOR_GROUPCHAN"
    BT6000_RUNNING_GROUP = 32, "BT6000: the group is running", "CTI_START_BT6000RUNNINGGROUP"
    CHANNEL_DOWNLOADING_SCHEDULE = (
        33,
        "DAQ is still downloading a schedule",
        "CTI_START_CHANNEL_DOWNLOADING_SCHEDULE",
    )
    DATABASE_QUERY_TEST_NAME_ERROR = (
        34,
        "the database could not be asked for the test name",
        "CTI_START_DATABASE_QUERY_TEST_NAME_ERROR",
    )
    TEST_NAME_EXISTS = (
        35,
        "test name is empty, or the schedule is not the last used one (resume)",
        "CTI_START_TEXTNAME_EXITS",
    )
    GO_STEP = 36, "invalid start step", "CTI_START_GO_STEP"
    INVALID_PARALLEL = 37, "invalid parallel channel setting", "CTI_START_INVALID_PARALLEL"
    SAFETY = 38, "schedule safety pre-check failed", "CTI_START_SAFETY"
    SCHEDULE_NAME_DIFFERENT = (
        39,
        "schedule name differs (documented as not used)",
        "CTI_START_SECHEDULE_NAME_DIFFERENT",
    )
    BATTERY_SIMULATION_NOT_PARALLEL = (
        40,
        "battery simulation does not go with the parallel setting",
        "CTI_START_BATTERYSIMULATION_NOT_PARALLEL",
    )
    CSV_WAIT_TIME = 41, "the CSV file is not written yet; wait 45 s", "CTI_START_CSV_WAIT_TIME"
    CHANNEL_SUSPENDED = 42, "channel is suspended", "CTI_START_CHANNEL_SUSPENT"
    TEST_NAME_TOO_LONG = 43, "test name is too long", "CTI_START_TESTNAME_TOO_LONG"


class ResumeResult(f.ResultCode):
    """Outcome of a resume."""

    SUCCESS = 0, "success", "RESUME_SUCCESS"
    INDEX = 16, "channel index does not exist", "RESUME_INDEX"
    ERROR = (
        17,
        "someone uses the monitor, control, start or resume window, or the right to control is missing",
        "RESUME_ERROR",
    )
    CHANNEL_RUNNING = 18, "channel is running or unsafe", "RESUME_CHANNEL_RUNNING"
    CHANNEL_NOT_CONNECT = 19, "channel is not connected to the DAQ", "RESUME_CHANNEL_NOT_CONNECT"
    SCHEDULE_VALID = (
        20,
        "schedule does not fit the system configuration, or is another machine's",
        "RESUME_SCHEDULE_VALID",
    )
    NO_SCHEDULE_ASSIGNED = 21, "no schedule assigned to the channel", "RESUME_NO_SCHEDULE_ASSIGNED"
    SCHEDULE_VERSION = 22, "schedule version does not match the MITS version", "RESUME_SCHEDULE_VERSION"
    POWER_PROTECTED = 23, "documented as not used", "RESUME_POWER_PROTECTED"
    RESULTS_FILE_SIZE_LIMIT = 24, "documented as not used", "RESUME_RESULTS_FILE_SIZE_LIMIT"
    STEP_NUMBER = 25, "invalid step number", "RESUME_STEP_NUMBER"
    NO_CAN_CONFIGURATION_ASSIGNED = 26, "documented as not used", "RESUME_NO_CAN_CONFIGURATON_ASSIGNED"
    AUX_CHANNEL_MAP = 27, "auxiliary count in the schedule is invalid", "RESUME_AUX_CHANNEL_MAP"
    BUILD_AUX_COUNT = 28, "built-in auxiliary count is invalid", "RESUME_BUILD_AUX_COUNT"
    POWER_CLAMP_CHECK = 29, "documented as not used", "RESUME_POWER_CLAMP_CHECK"
    AI = 30, "auxiliary test settings need checking", "RESUME_AI"
    NO_GROUP_CHANNEL = 31, "no channel selected", "RESUME_SAFOR_GROUPCHAN"
    BT6000_RUNNING_GROUP = 32, "BT6000: the group is running", "RESUME_BT6000RUNNINGGROUP"
    CHANNEL_DOWNLOADING_SCHEDULE = (
        33,
        "DAQ is still downloading a schedule",
        "RESUME_CHANNEL_DOWNLOADING_SCHEDULE",
    )
    DATABASE_QUERY_TEST_NAME_ERROR = (
        34,
        "the database could not be asked for the test name",
        "RESUME_DATABASE_QUERY_TEST_NAME_ERROR",
    )
    NO_TEST_NAME = 35, "test name is missing, or the schedule is not the last used one", "RESUME_NO_TEST_NAME"
    LOAD_RESUME = 36, "resume data could not be loaded (documented as not used)", "RESUME_LOAD_RESUME"
    MAX_MULTIPLE_RESULT = 37, "documented as not used", "RESUME_MAX_MULTIPLE_RESULT"
    SAFETY = 38, "schedule safety pre-check failed", "CTI_RESUME_SAFETY"
    BATTERY_SIMULATION_NOT_PARALLEL = (
        39,
        "battery simulation does not go with the parallel setting",
        "CTI_RESUME_BATTERYSIMULATION_NOT_PARALLEL",
    )
    CHANNEL_SUSPENDED = 40, "channel is suspended", "CTI_RESUME_CHANNEL_SUSPENT"


class GetMvResult(f.ResultCode):
    """Whether a value could be read."""

    SUCCESS = 0, "success", "CTI_GET_MV_SUCCESS"
    ERROR = 16, "error", "CTI_GET_MV_ERROR"
    DATATYPE_NOTSUPPORT = 17, "data type not supported", "CTI_GET_MV_DATATYPE_NOTSUPPORT"
    METACODE_NOTEXIST = 18, "meta variable code does not exist", "CTI_GET_MV_METACODE_NOTEXIST"
    CHANNEL_INDEX_ERROR = 19, "channel index wrong", "CTI_GET_MV_CHANNEL_INDEX_ERROR"
    AUX_INDEX_ERROR = 20, "auxiliary index wrong", "CTI_GET_MV_AUX_INDEX_ERROR"
    AUX_NOTASSIGN = 21, "auxiliary not assigned", "CTI_GET_MV_AUX_NOTASSIGN"
    CANBMS_INDEX_ERROR = 22, "CAN/BMS index wrong", "CTI_GET_MV_CANBMS_INDEX_ERROR"
    CANBMS_NOTEXIST = 23, "CAN/BMS entry does not exist", "CTI_GET_MV_CANBMS_NOTEXIST"
    CANBMS_DISABLED = 24, "CAN/BMS is switched off", "CTI_GET_MV_CANBMS_DISABLED"
    NOT_CONNECT_DAQ = 25, "the DAQ is not connected", "CTI_GET_MV_NOT_CONNECT_DAQ"
    TIMEOUT = 26, "timed out", "CTI_GET_MV_TIMEOUT"
    MCU_ACK_FAILED = 27, "the microcontroller did not acknowledge", "CTI_GET_MV_MCU_ACK_FAILED"
    METACODE_NOTSUPPORT = 28, "meta variable code not supported", "CTI_GET_MV_METACODE_NOTSUPPORT"
    SMB_NOTEXIST = 29, "SMB entry does not exist", "CTI_GET_MV_SMB_NOTEXIST"
    SMB_INDEX_ERROR = 30, "SMB index wrong", "CTI_GET_MV_SMB_INDEX_ERROR"
    SMB_NOTSUPPORT_STRING = 31, "SMB string values not supported", "CTI_GET_MV_SMB_NOTSUPPORT_STRING"
    SMB_DISABLED = 32, "SMB is switched off", "CTI_GET_MV_SMB_DISABLED"
    AUX_TYPE_ERROR = 33, "auxiliary type wrong", "CTI_GET_MV_AUX_TYPE_ERROR"
    OBJ_NULL_ERROR = 34, "an object is missing in the server", "CTI_GET_MV_OBJ_NULL_ERROR"
    DCOM_ERROR = 35, "DCOM error on the server", "CTI_GET_MV_DCOM_ERROR"
    WRITE_NOT_SUPPORTED = 36, "writing not supported", "CTI_GET_MV_WRITE_NOT_SUPPORTED"
    EQ_INDEX_ERROR = 37, "EQ index wrong", "CTI_GET_MV_EQ_INDEX_ERROR"
    CELL_INDEX_ERROR = 38, "cell index wrong", "CTI_GET_MV_CELL_INDEX_ERROR"


class ChannelStatus(f.Code):
    """What a channel does."""

    IDLE = 0, "nothing runs", "Idle"
    TRANSITION = 1, "between two steps", "Transition"
    CHARGE = 2, "charging", "Charge"
    DISCHARGE = 3, "discharging", "Discharge"
    REST = 4, "resting", "Rest"
    WAIT = 5, "waiting", "Wait"
    EXTERNAL_CHARGE = 6, "charged by an external device", "External_Charge"
    CALIBRATION = 7, "being calibrated", "Calibration"
    UNSAFE = 8, "stopped because a safe range was left", "Unsafe"
    PULSE = 9, "pulsing", "Pulse"
    INTERNAL_RESISTANCE = 10, "measuring the internal resistance", "Internal_Resistance"
    AC_IMPEDANCE = 11, "measuring the AC impedance", "AC_Impedance"
    ACI_CELL = 12, "measuring the AC impedance of a cell", "ACI_Cell"
    TEST_SETTINGS = 13, "test settings", "Test_Settings"
    ERROR = 14, "an error happened", "Error"
    FINISHED = 15, "the test is finished", "Finished"
    VOLT_METER = 16, "measuring the voltage only", "Volt_Meter"
    WAITING_FOR_ACS = 17, "waiting for ACS", "Waiting_for_ACS"
    PAUSE = 18, "paused", "Pause"
    EMPTY = 19, "empty", "EMPTY"
    IDLE_FROM_MCU = 20, "idle, as the microcontroller says", "Idle_from_MCU"
    START = 21, "starting", "Start"
    RUNNING = 22, "running", "Runing"
    STEP_TRANSFER = 23, "step being transferred", "Step_Transfer"
    RESUME = 24, "resuming", "Resume"
    GO_PAUSE = 25, "about to pause", "Go_Pause"
    GO_STOP = 26, "about to stop", "Go_Stop"
    GO_NEXT_STEP = 27, "about to go to the next step", "Go_Next_Step"
    ONLINE_UPDATE = 28, "being updated", "Online_Update"
    DAQ_MEMORY_UNSAFE = 29, "memory of the DAQ unsafe", "Daq_Memory_Unsafe"
    ACR = 30, "measuring the AC resistance", "ACR"
    CS_SUSPENDED = 31, "suspended; in no document", "CS_SUSPENT"


class AuxGroup(f.Code):
    """Groups of auxiliary readings."""

    AUX_V = 0, "auxiliary voltage", "AuxV"
    T = 1, "temperature", "T"
    P = 2, "pressure", "P"
    PH = 3, "pH value", "pH"
    FR = 4, "flow rate", "FR"
    CONC = 5, "concentration; density on the wire", "Conc"
    DI = 6, "digital input", "DI"
    DO = 7, "digital output", "DO"
    EC = 8, "external charge; external on the wire", "EC"
    SAFETY = 9, "safety auxiliary", "Safety"
    HUMIDITY = 10, "humidity", "Humidity"
    AO = 11, "analog output", "AO"
    MAX_NUM = 12, "number of groups, not a group", "MAX_NUM"


class NeedType(f.Flags):
    """What a channel read shall bring besides the values."""

    THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_BMS = 0x100, "values of the CAN BMS"
    THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_SMB = 0x200, "values of the SMB"
    THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_AUX = 0x400, "auxiliary values"
    GET_CHANNELS_INFO_NEED_TYPE_EQ = 0x800, "SPTT EQ values, JSON form"
    GET_CHANNELS_INFO_NEED_TYPE_CELL = 0x1000, "SPTT cell values, JSON form"


class GetChannelType(f.Code):
    """Which channels to read."""

    ALLCHANNEL = 1, "all channels", "ALLCHANNEL"
    RUNNING = 2, "running channels", "RUNNING"
    UNSAFE = 3, "unsafe channels", "UNSAFE"


class NewOrDeleteResult(f.ResultCode):
    """Outcome of creating or deleting."""

    CTI_NEW_SUCCESS = f.ok(1, "created", "CTI_NEW_SUCCESS")
    CTI_DELETE_SUCCESS = f.ok(2, "deleted", "CTI_DELETE_SUCCESS")
    CTI_NEW_FAILED = 3, "creation failed", "CTI_NEW_FAILED"
    CTI_NEW_FAILED_ADD_FOLDER = 4, "folders cannot be added here", "CTI_NEW_FAILED_ADD_FOLDER"
    CTI_DELETE_FAILED = 5, "deletion failed", "CTI_DELETE_FAILED"
    CTI_DELETE_FAILED_EXTENSION = 6, "this file type cannot be deleted", "CTI_DELETE_FAILED_EXTENSION"
    CTI_DELETE_FAILED_TEXT_RUNNING = 7, "file is in use by a test", "CTI_DELETE_FAILED_TEXT_RUNNING"
    CTI_DELETE_FAILED_EXIST = 8, "file does not exist", "CTI_DELETE_FAILED_EXIST"


class AssignBarcodeResult(f.ResultCode):
    """Outcome of assigning a barcode."""

    BARCODE_SUCCESS = f.ok(0, "assigned", "CTI_ASSIGN_BARCODE_SUCCESS")
    BARCODE_ERROR = 16, "error", "CTI_ASSIGN_BARCODE_ERROR"
    BARCODE_CHANNEL_RUNNING = 17, "channel is running", "CTI_ASSIGN_BARCODE_CHANNEL_RUNNING"
    BARCODE_CHANNEL_INDEX = 18, "channel index wrong", "CTI_ASSIGN_BARCODE_CHANNEL_INDEX"
    BARCODE_CHANNEL_TYPE_NOT_SUPPORT = (
        19,
        "channel type not supported",
        "CTI_ASSIGN_BARCODE_CHANNEL_TYPE_NOT_SUPPORT",
    )
    BARCODE_CELL_INDEX = 20, "cell index wrong", "CTI_ASSIGN_BARCODE_CELL_INDEX"
    BARCODE_EQ_INDEX = 21, "EQ index wrong", "CTI_ASSIGN_BARCODE_EQ_INDEX"
    BARCODE_TRAY_INDEX = 22, "tray index wrong", "CTI_ASSIGN_BARCODE_TRAY_INDEX"
    BARCODE_SPTTMAPPING = 23, "SPTT mapping error", "CTI_ASSIGN_BARCODE_SPTTMAPPING"


class GetBarcodeResult(f.ResultCode):
    """Whether a barcode could be read."""

    SUCCESS = 0, "success", "CTI_GET_BARCODE_SUCCESS"
    ERROR = 16, "error", "CTI_GET_BARCODE_ERROR"
    CHANNEL_INDEX = 17, "channel index wrong", "CTI_GET_BARCOD_CHANNEL_INDEX"
    CHANNEL_TYPE_NOT_SUPPORT = 18, "channel type not supported", "CTI_GET_BARCODE_CHANNEL_TYPE_NOT_SUPPORT"
    CELL_INDEX = 19, "cell index wrong", "CTI_GET_BARCODE_CELL_INDEX"
    EQ_INDEX = 20, "EQ index wrong", "CTI_GET_BARCODE_EQ_INDEX"
    TRAY_INDEX = 21, "tray index wrong", "CTI_GET_BARCODE_TRAY_INDEX"
    SPTTMAPPING = 22, "SPTT mapping error", "CTI_GET_BARCODE_SPTTMAPPING"


class BarcodeChannelType(f.Code):
    """What an index counts."""

    IV = 1, "IV channel", "IV"
    EQ = 2, "EQ", "EQ"
    CELL = 3, "cell", "CELL"
    TRAY = 4, "tray", "TRAY"


class SpttResult(f.ResultCode):
    """Outcome of reading SPTT values."""

    SUCCESS = 0, "success", "SUCCESS"
    CHANNEL_HAS_NO_SPTT = 1, "the channel has no SPTT", "CHANNEL_HAS_NO_SPTT"
    CONGFIG_HAS_NO_SPTT = 16, "the configuration has no SPTT", "CONGFIG_HAS_NO_SPTT"


class DataType(f.Code):
    """What a meta variable code names."""

    MP_DATA_TYPE_META_VALUE = 1, "IV channel meta variable", "MP_DATA_TYPE_MetaValue"
    MP_DATA_TYPE_AUX_TEMPERATURE = 10, "auxiliary temperature", "MP_DATA_TYPE_AuxTemperature"
    MP_DATA_TYPE_AUXD_TDT = 11, "time derivative of an auxiliary temperature", "MP_DATA_TYPE_AuxdTdt"
    MP_DATA_TYPE_AUX_VOLTAGE = 12, "auxiliary voltage", "MP_DATA_TYPE_AuxVoltage"
    MP_DATA_TYPE_AUXD_VDT = 13, "time derivative of an auxiliary voltage", "MP_DATA_TYPE_AuxdVdt"
    MP_DATA_TYPE_AUX_PRESSURE = 14, "auxiliary pressure", "MP_DATA_TYPE_AuxPressure"
    MP_DATA_TYPE_AUXD_PDT = 15, "time derivative of an auxiliary pressure", "MP_DATA_TYPE_AuxdPdt"
    MP_DATA_TYPE_AUX_PH = 16, "auxiliary pH", "MP_DATA_TYPE_AuxPh"
    MP_DATA_TYPE_AUXD_PH_VDT = 17, "time derivative of an auxiliary pH", "MP_DATA_TYPE_AuxdPhVdt"
    MP_DATA_TYPE_AUX_FLOW_RATE = 18, "auxiliary flow rate", "MP_DATA_TYPE_AuxFlowRate"
    MP_DATA_TYPE_AUXD_F_RDT = 19, "time derivative of an auxiliary flow rate", "MP_DATA_TYPE_AuxdFRdt"
    MP_DATA_TYPE_AUX_CONCENTRATION = 20, "auxiliary concentration", "MP_DATA_TYPE_AuxConcentration"
    MP_DATA_TYPE_AUXD_CONCENTRATIONDT = (
        21,
        "time derivative of an auxiliary concentration",
        "MP_DATA_TYPE_AuxdConcentrationdt",
    )
    MP_DATA_TYPE_AUX_DI = 22, "digital input", "MP_DATA_TYPE_AuxDI"
    MP_DATA_TYPE_AUX_DO = 23, "digital output", "MP_DATA_TYPE_AuxDO"
    MP_DATA_TYPE_CANBMS = 24, "value from the CAN BMS", "MP_DATA_TYPE_CANBMS"
    MP_DATA_TYPE_AUX_EXTERNAL_CHARGE = (
        25,
        "external charge",
        "MP_DATA_TYPE_AuxExternalCharge",
    )
    MP_DATA_TYPE_AUX_HUMIDITY = 26, "auxiliary humidity", "MP_DATA_TYPE_AuxHumidity"
    MP_DATA_TYPE_AUXD_HUMDT = 27, "time derivative of an auxiliary humidity", "MP_DATA_TYPE_AuxdHumdt"
    MP_DATA_TYPE_SMBBMS = 28, "value from the SMB", "MP_DATA_TYPE_SMBBMS"
    MP_DATA_TYPE_AUX_AO = 30, "analog output", "MP_DATA_TYPE_AuxAO"
    MP_DATA_TYPE_EQ = 31, "SPTT EQ", "MP_DATA_TYPE_EQ"
    MP_DATA_TYPE_CELL = 32, "SPTT cell", "MP_DATA_TYPE_CELL"


class AuxChannelType(f.Code):
    """Kind of an auxiliary channel."""

    NONE = -1, "none", "None"
    AUX_VOLTAGE = 0, "voltage", "AUX_VOLTAGE"
    AUX_TEMPERATURE = 1, "temperature", "AUX_TEMPERATURE"
    AUX_PRESSURE = 2, "pressure", "AUX_PRESSURE"
    AUX_EXTERNALCHARGE = 3, "external charge", "AUX_EXTERNALCHARGE"
    AUX_FLOW_RATE = 4, "flow rate", "AUX_FLOW_RATE"
    AUX_AO = 5, "analog output", "AUX_AO"
    AUX_DI = 6, "digital input", "AUX_DI"
    AUX_DO = 7, "digital output", "AUX_DO"
    AUX_HUMIDITY = 8, "humidity", "AUX_HUMIDITY"
    AUX_CURRENT = 9, "current", "AUX_CURRENT"
    AUX_SAFETY = 10, "safety", "AUX_SAFETY"
    AUX_ACIM = 11, "AC impedance meter", "AUX_ACIM"
    AUX_BATTERYCELLS = 12, "battery cells", "AUX_BATTERYCELLS"
    ALLTYPE = 13, "all kinds", "ALLTYPE"


class ChannelType(f.Code):
    """Kind of channel."""

    IV = 0, "channel with current and voltage", "IV"
    AUX = 1, "auxiliary channel", "Aux"


class MetaVariableCode(f.Code):
    """Codes of the meta variables."""

    PV_STEP_INDEX = 1, "step number", "MetaCode_PV_StepIndex"
    PV_CYCLE_INDEX = 2, "cycle number", "MetaCode_PV_CycleIndex"
    PV_STEP_TIME = 3, "step time (s)", "MetaCode_PV_Steptime"
    PV_TEST_TIME = 4, "test time (s)", "MetaCode_PV_TestTime"
    PV_AC_IMPEDANCE = 5, "AC impedance (ohm)", "MetaCode_PV_AC_Impedance"
    PV_ACR = 6, "AC resistance (ohm)", "MetaCode_PV_ACR"
    PV_VMAX_ON_CYCLE = 7, "greatest voltage of the cycle (V)", "MetaCode_PV_VmaxOnCycle"
    MV_SPECIFIC_CAPACITY = 8, "specific capacity (Ah/g)", "MetaCode_MV_SpecificCapacity"
    MV_NOMINAL_CAPACITY = 9, "nominal capacity (Ah)", "MetaCode_MV_NorminalCapacity"
    LS_DV_DT = 10, "last step: dV/dt (V/s)", "MetaCode_LS_dVdt"
    LS_DI_DT = 11, "last step: dI/dt (A/s)", "MetaCode_LS_dIdt"
    LS_AC_IMPEDANCE = 12, "last step: AC impedance (ohm)", "MetaCode_LS_AC_Impedance"
    LS_VMAX_ON_CYCLE = 13, "last step: greatest voltage of the cycle (V)", "MetaCode_LS_VmaxOnCycle"
    PV_PULSE_STAGE_AVE_VOL = 14, "mean voltage of the pulse stage (V)", "MetaCode_PV_PulseStageAveVol"
    PV_PULSE_AVE_VOL = 15, "mean voltage of the pulse (V)", "MetaCode_PV_PulseAveVol"
    DV_TIME = 16, "logging: time (s)", "MetaCode_DV_Time"
    DV_CURRENT = 17, "logging: current (A)", "MetaCode_DV_Current"
    DV_VOLTAGE = 18, "logging: voltage (V)", "MetaCode_DV_Voltage"
    DV_PULSE_CYCLE = 19, "logging: pulse cycle number", "MetaCode_DV_PulseCycle"
    LC_DV_DT = 20, "last cycle: dV/dt (V/s)", "MetaCode_LC_dVdt"
    PV_VOLTAGE = 21, "voltage (V)", "MetaCode_PV_Voltage"
    PV_CURRENT = 22, "current (A)", "MetaCode_PV_Current"
    PV_CHARGE_CAPACITY = 23, "charge capacity (Ah)", "MetaCode_PV_ChargeCapacity"
    PV_DISCHARGE_CAPACITY = 24, "discharge capacity (Ah)", "MetaCode_PV_DischargeCapacity"
    PV_CHARGE_ENERGY = 25, "charge energy (Wh)", "MetaCode_PV_ChargeEnergy"
    PV_DISCHARGE_ENERGY = 26, "discharge energy (Wh)", "MetaCode_PV_DischargeEnergy"
    PV_DV_DT = 27, "dV/dt (V/s)", "MetaCode_PV_dVdt"
    PV_DI_DT = 28, "dI/dt (A/s)", "MetaCode_PV_dIdt"
    MV_MASS = 29, "mass (g)", "MetaCode_MV_Mass"
    PV_INTERNAL_RESISTANCE = 30, "internal resistance (ohm)", "MetaCode_PV_InternalResistance"
    PV_PULSE_CYCLE = 31, "pulse cycle number", "MetaCode_PV_PulseCycle"
    LC_DI_DT = 32, "last cycle: dI/dt (A/s)", "MetaCode_LC_dIdt"
    MV_IH_MIN = 33, "least current of the high range (A)", "MetaCode_MV_IHmin"
    MV_IH_MAX = 34, "greatest current of the high range (A)", "MetaCode_MV_IHmax"
    MV_IM_MIN = 35, "least current of the medium range (A)", "MetaCode_MV_IMmin"
    MV_IM_MAX = 36, "greatest current of the medium range (A)", "MetaCode_MV_IMmax"
    MV_IL_MIN = 37, "least current of the low range (A)", "MetaCode_MV_ILmin"
    MV_IL_MAX = 38, "greatest current of the low range (A)", "MetaCode_MV_ILmax"
    MV_VH_MIN = 39, "least voltage of the high range (V)", "MetaCode_MV_VHmin"
    MV_VH_MAX = 40, "greatest voltage of the high range (V)", "MetaCode_MV_VHmax"
    LC_AC_IMPEDANCE = 41, "last cycle: AC impedance (ohm)", "MetaCode_LC_AC_Impedance"
    LC_VMAX_ON_CYCLE = 42, "last cycle: greatest voltage of the cycle (V)", "MetaCode_LC_VmaxOnCycle"
    MV_VL_MIN = 43, "least voltage of the low range (V)", "MetaCode_MV_VLmin"
    MV_VL_MAX = 44, "greatest voltage of the low range (V)", "MetaCode_MV_VLmax"
    PV_D2V_DT2 = 45, "second derivative of the voltage (V/s2)", "MetaCode_PV_d2Vd2t"
    MV_NOMINAL_VOLTAGE = 46, "nominal voltage (V)", "MetaCode_MV_NorminalVoltage"
    MV_NOMINAL_IR = 47, "nominal internal resistance (ohm)", "MetaCode_MV_NorminalIR"
    PV_BUILT_IN_V1 = 48, "built-in voltage 1 (V)", "MetaCode_PV_BuildIn_V1"
    PV_BUILT_IN_V2 = 49, "built-in voltage 2 (V)", "MetaCode_PV_BuildIn_V2"
    PV_BUILT_IN_V3 = 50, "built-in voltage 3 (V)", "MetaCode_PV_BuildIn_V3"
    PV_BUILT_IN_V4 = 51, "built-in voltage 4 (V)", "MetaCode_PV_BuildIn_V4"
    MV_UD1 = 52, "user variable 1", "MetaCode_MV_UD1"
    MV_UD2 = 53, "user variable 2", "MetaCode_MV_UD2"
    MV_UD3 = 54, "user variable 3", "MetaCode_MV_UD3"
    MV_UD4 = 55, "user variable 4", "MetaCode_MV_UD4"
    MV_NOMINAL_CAPACITOR = 56, "nominal capacitance (F)", "MetaCode_MV_NorminalCapacitor"
    TC_TIMER1 = 61, "test counter: timer 1 (s)", "MetaCode_TC_Timer1"
    TC_TIMER2 = 62, "test counter: timer 2 (s)", "MetaCode_TC_Timer2"
    TC_TIMER3 = 63, "test counter: timer 3 (s)", "MetaCode_TC_Timer3"
    TC_TIMER4 = 64, "test counter: timer 4 (s)", "MetaCode_TC_Timer4"
    TC_CHARGE_CAPACITY1 = 65, "test counter: charge capacity 1 (Ah)", "MetaCode_TC_ChargeCapacity1"
    TC_CHARGE_CAPACITY2 = 66, "test counter: charge capacity 2 (Ah)", "MetaCode_TC_ChargeCapacity2"
    TC_DISCHARGE_CAPACITY1 = 67, "test counter: discharge capacity 1 (Ah)", "MetaCode_TC_DischargeCapacity1"
    TC_DISCHARGE_CAPACITY2 = 68, "test counter: discharge capacity 2 (Ah)", "MetaCode_TC_DischargeCapacity2"
    TC_CHARGE_ENERGY1 = 69, "test counter: charge energy 1 (Wh)", "MetaCode_TC_ChargeEnergy1"
    TC_CHARGE_ENERGY2 = 70, "test counter: charge energy 2 (Wh)", "MetaCode_TC_ChargeEnergy2"
    TC_DISCHARGE_ENERGY1 = 71, "test counter: discharge energy 1 (Wh)", "MetaCode_TC_DischargeEnergy1"
    TC_DISCHARGE_ENERGY2 = 72, "test counter: discharge energy 2 (Wh)", "MetaCode_TC_DischargeEnergy2"
    TC_COUNTER1 = 73, "test counter: counter 1", "MetaCode_TC_Counter1"
    TC_COUNTER2 = 74, "test counter: counter 2", "MetaCode_TC_Counter2"
    TC_COUNTER3 = 75, "test counter: counter 3", "MetaCode_TC_Counter3"
    TC_COUNTER4 = 76, "test counter: counter 4", "MetaCode_TC_Counter4"
    PV_CV_STAGE_TIME = 77, "time at constant voltage (s)", "MetaCode_PV_CV_StageTime"
    PV_CV_STAGE_CURRENT = 78, "current at constant voltage (A)", "MetaCode_PV_CV_StageCurrent"
    PV_CHARGE_CAPACITY_TIME = 79, "charge capacity time (s)", "MetaCode_PV_ChargeCapacityTime"
    PV_DISCHARGE_CAPACITY_TIME = (
        80,
        "discharge capacity time (s)",
        "MetaCode_PV_DischargeCapacityTime",
    )
    DV_CCCV_TB_PULSE_INTERVAL = (
        81,
        "logging: CCCV pulse interval",
        "MetaCode_DV_CCCV_TB_PulseInterval",
    )
    PV_DQ_DV = 82, "dQ/dV (Ah/V)", "MetaCode_PV_dQdV"
    PV_DV_DQ = 83, "dV/dQ (V/Ah)", "MetaCode_PV_dVdQ"
    PV_DATA_POINTS = 84, "number of logged points", "MetaCode_PV_DataPoints"
    PV_BUILT_IN_DATA1 = 85, "built-in value 1", "MetaCode_PV_BuiltIn_Data1"
    PV_BUILT_IN_DATA2 = 86, "built-in value 2", "MetaCode_PV_BuiltIn_Data2"
    PV_BUILT_IN_DATA3 = 87, "built-in value 3", "MetaCode_PV_BuiltIn_Data3"
    PV_BUILT_IN_DATA4 = 88, "built-in value 4", "MetaCode_PV_BuiltIn_Data4"
    PV_BUILT_IN_DATA5 = 89, "built-in value 5", "MetaCode_PV_BuiltIn_Data5"
    PV_BUILT_IN_DATA6 = 90, "built-in value 6", "MetaCode_PV_BuiltIn_Data6"
    PV_BUILT_IN_DATA7 = 91, "built-in value 7", "MetaCode_PV_BuiltIn_Data7"
    PV_BUILT_IN_DATA8 = 92, "built-in value 8", "MetaCode_PV_BuiltIn_Data8"
    PV_ERROR_IV = 94, "error of the channel", "MetaCode_PV_Error_IV"
    PV_ERROR_AUX = 95, "error of the auxiliaries", "MetaCode_PV_Error_AUX"
    PV_ERROR_DCDC = 96, "error of the DC/DC converter", "MetaCode_PV_Error_DCDC"
    PV_ERROR_CANBMS = 97, "error of the CAN BMS", "MetaCode_PV_Error_CANBMS"
    PV_ERROR_SMB = 98, "error of the SMB", "MetaCode_PV_Error_SMB"
    PV_ERROR_INVERTER = 99, "error of the inverter", "MetaCode_PV_Error_INVERTER"
    LS_STEP_INDEX = 100, "last step: step number", "MetaCode_LS_StepIndex"
    LS_CYCLE_INDEX = 101, "last step: cycle number", "MetaCode_LS_CycleIndex"
    LS_STEP_TIME = 103, "last step: step time (s)", "MetaCode_LS_StepTime"
    LS_TEST_TIME = 104, "last step: test time (s)", "MetaCode_LS_TestTime"
    MV_UD5 = 105, "user variable 5", "MetaCode_MV_UD5"
    MV_UD6 = 106, "user variable 6", "MetaCode_MV_UD6"
    MV_UD7 = 107, "user variable 7", "MetaCode_MV_UD7"
    MV_UD8 = 108, "user variable 8", "MetaCode_MV_UD8"
    MV_UD9 = 109, "user variable 9", "MetaCode_MV_UD9"
    MV_UD10 = 110, "user variable 10", "MetaCode_MV_UD10"
    MV_UD11 = 111, "user variable 11", "MetaCode_MV_UD11"
    MV_UD12 = 112, "user variable 12", "MetaCode_MV_UD12"
    MV_UD13 = 113, "user variable 13", "MetaCode_MV_UD13"
    MV_UD14 = 114, "user variable 14", "MetaCode_MV_UD14"
    MV_UD15 = 115, "user variable 15", "MetaCode_MV_UD15"
    MV_UD16 = 116, "user variable 16", "MetaCode_MV_UD16"
    MV_C_RATE = 120, "C rate", "MetaCode_MV_C_Rate"
    LS_VOLTAGE = 121, "last step: voltage (V)", "MetaCode_LS_Voltage"
    LS_CURRENT = 122, "last step: current (A)", "MetaCode_LS_Current"
    LS_CHARGE_CAPACITY = 123, "last step: charge capacity (Ah)", "MetaCode_LS_ChargeCapacity"
    LS_DISCHARGE_CAPACITY = 124, "last step: discharge capacity (Ah)", "MetaCode_LS_DischargeCapacity"
    LS_CHARGE_ENERGY = 125, "last step: charge energy (Wh)", "MetaCode_LS_ChargeEnergy"
    LS_DISCHARGE_ENERGY = 126, "last step: discharge energy (Wh)", "MetaCode_LS_DischargeEnergy"
    LS_INTERNAL_RESISTANCE = 130, "last step: internal resistance (ohm)", "MetaCode_LS_InternalResistance"
    LS_ACR = 131, "last step: AC resistance (ohm)", "MetaCode_LS_ACR"
    LC_STEP_INDEX = 216, "last cycle: step number", "MetaCode_LC_StepIndex"
    LC_CYCLE_INDEX = 217, "last cycle: cycle number", "MetaCode_LC_CycleIndex"
    LC_TEST_TIME = 218, "last cycle: test time (s)", "MetaCode_LC_TestTime"
    LC_INTERNAL_RESISTANCE = 219, "last cycle: internal resistance (ohm)", "MetaCode_LC_InternalResistance"
    LC_ACR = 220, "last cycle: AC resistance (ohm)", "MetaCode_LC_ACR"
    LC_VOLTAGE = 221, "last cycle: voltage (V)", "MetaCode_LC_Voltage"
    LC_CURRENT = 222, "last cycle: current (A)", "MetaCode_LC_Current"
    LC_CHARGE_CAPACITY = 223, "last cycle: charge capacity (Ah)", "MetaCode_LC_ChargeCapacity"
    LC_DISCHARGE_CAPACITY = 224, "last cycle: discharge capacity (Ah)", "MetaCode_LC_DischargeCapacity"
    LC_CHARGE_ENERGY = 225, "last cycle: charge energy (Wh)", "MetaCode_LC_ChargeEnergy"
    LC_DISCHARGE_ENERGY = 226, "last cycle: discharge energy (Wh)", "MetaCode_LC_DischargeEnergy"
    PV_EIS_TEST_ID = 227, "EIS: number of the test", "MetaCode_PV_EISTestID"
    PV_EIS_ZMOD = 228, "EIS: magnitude of the impedance", "MetaCode_PV_EISZmod"
    PV_EIS_ZPHZ = 229, "EIS: phase of the impedance", "MetaCode_PV_EISZphz"
    PV_EIS_ZREAL = 230, "EIS: real part of the impedance", "MetaCode_PV_EISZreal"
    PV_EIS_ZIMG = 231, "EIS: imaginary part of the impedance", "MetaCode_PV_EISZimg"
    TC_COUNTER5 = 232, "test counter: counter 5", "MetaCode_TC_Counter5"
    TC_COUNTER6 = 233, "test counter: counter 6", "MetaCode_TC_Counter6"
    TC_COUNTER7 = 234, "test counter: counter 7", "MetaCode_TC_Counter7"
    TC_COUNTER8 = 235, "test counter: counter 8", "MetaCode_TC_Counter8"
    PV_TEMPERATURE = 240, "temperature (degC)", "MetaCode_PV_Temperature"
    LC_STEP_TIME = 252, "last cycle: step time (s)", "MetaCode_LC_StepTime"
    PV_UNIT_DI1 = 253, "digital input 1 of the unit", "MetaCode_PV_UNIT_DI1"
    PV_UNIT_DI2 = 254, "digital input 2 of the unit", "MetaCode_PV_UNIT_DI2"
    MV_COUNT = 255, "number of codes, not a variable", "MetaCode_MV_COUNT"
    T_CHAMBER = 256, "temperature chamber", "MetaCode_TChamber"


class ChannelCode(f.ResultCode):
    """Whether data of a channel could be read."""

    OK = f.ok(0, "data are there; in no document")
    TEST_NAME_QUERY_FAILED = 34, "database query for the test name failed"
    TEST_NAME_EMPTY = 35, "test name is empty"
    RESUME_TABLE_FAILED = 36, "resume table could not be read"


class SmbValueType(f.Code):
    """Type of a value from the SMB."""

    DOUBLE = 0, "f64", "SMBData"
    STRING = 1, "single-byte text with a NUL; so is every other value", "SMBString"


class UdsSignalStatus(f.Code):
    """Whether a UDS signal could be read."""

    SUCCESSES = 0, "read", "Successes"
    NO_READ = 1, "not read yet", "NoRead"
    FAIL_READ = 2, "reading failed", "FailRead"
    NOT_EXIST = 3, "no such signal", "NotExist"


class UdsSignalSource(f.Code):
    """Where a UDS signal comes from."""

    REQUEST = 0, "from the request", "Request"
    RESPONSE = 1, "from the response", "Response"


class SpecialSetMvResult(f.ResultCode):
    """Outcome of setting a value of a group."""

    SET_MV_SUCCESS = f.ok(0, "set", "CTI_SET_MV_SUCCESS")
    SET_MV_FAILED = 16, "failed", "CTI_SET_MV_FAILED"
    SET_MV_METACODE_NOTEXIST = 17, "no such meta code", "CTI_SET_MV_METACODE_NOTEXIST"
    SET_MV_CHANNEL_NOT_STARTED = 18, "channel not running", "CTI_SET_MV_CHANNEL_NOT_STARTED"
    SET_MV_METACODE_NOTEXIST_PRO7 = 19, "no such meta code (Pro7)", "CTI_SET_MV_METACODE_NOTEXIST_Pro7"
    SET_MV_METACODE_UPDATE_TOO_FREQUENTLY_200_MS = (
        20,
        "updated again within 200 ms",
        "CTI_SET_MV_METACODE_UPDATE_TOO_FREQUENTLY_200MS",
    )
    SET_MV_METACODE_DATATYPE_NOTSUPPORT = (
        21,
        "data type not supported",
        "CTI_SET_MV_METACODE_DATATYPE_NOTSUPPORT",
    )
    SET_MV_METACODE_NO_TEMPERATURE_CHAMBER = (
        22,
        "no temperature chamber",
        "CTI_SET_MV_METACODE_NO_TEMPERATURE_CHAMBER",
    )
    SET_MV_METACODE_NOT_CONTROLLED_AUXILIARY = (
        23,
        "auxiliary is not controllable",
        "CTI_SET_MV_METACODE_NOT_CONTROLLED_AUXILIARY",
    )
    SET_MV_METACODE_MCU_ACK_FAILED = (
        24,
        "microcontroller did not acknowledge",
        "CTI_SET_MV_METACODE_MCU_ACK_FAILED",
    )


class AuxTypeJson(f.Code):
    """Groups of auxiliary readings, in JSON."""

    AUX_V = 0, "voltage", "AuxV"
    T = 1, "temperature", "T"
    P = 2, "pressure", "P"
    P_H = 3, "pH value", "pH"
    FR = 4, "flow rate", "FR"
    CONC = 5, "concentration", "Conc"
    DI = 6, "digital input", "DI"
    DO = 7, "digital output", "DO"
    EC = 8, "external charge", "EC"
    SAFETY = 9, "safety", "Safety"
    HUMIDITY = 10, "humidity", "Humidity"
    AO = 11, "analog output", "AO"
    MAX_NUM = 12, "number of groups, not a group", "MAX_NUM"


class GetResumeDataChannelCode(f.ResultCode):
    """Whether resume data of a channel could be read, as newer servers say it."""

    SUCCESS = 0, "data valid", "SUCCESS"
    ERROR = 16, "error", "ERROR"


class GetStartDataChannelCode(f.ResultCode):
    """Whether start data of a channel could be read, as newer servers say it."""

    SUCCESS = 0, "data valid", "SUCCESS"
    ERROR = 16, "error", "ERROR"
