"""The measured messages in construct's own words, with nothing of the toolkit's: what it is compared with."""

from __future__ import annotations

from typing import Any

import construct as c


def _frame(*fields: Any) -> c.Struct:
    body = c.Struct(
        "token" / c.Const(bytes.fromhex("dddddddddddddd11")),
        "length" / c.Int32ul,
        "code" / c.Int32ul,
        "extended" / c.Int32ul,
        *fields,
    )
    return c.Struct(
        "body" / c.RawCopy(body),
        "checksum" / c.Checksum(c.Int16ul, lambda data: sum(data) & 0xFFFF, c.this.body.data),
    )


def _utf16(units: int) -> Any:
    return c.PaddedString(2 * units, "utf_16_le")


AUX = [
    "voltage", "temperature", "pressure", "external", "flow", "ao", "di", "do", "humidity", "safety", "ph",
    "density",
]  # fmt: skip
_READING = c.Struct("value" / c.Float32l, "dt" / c.Float32l)
_BMS = c.Struct("index" / c.Int32ul, "value" / c.Float64l, "unit" / c.CString("ascii"))
_SMB = c.Struct(
    "index" / c.Int32ul,
    "type" / c.Int32ul,
    "value" / c.IfThenElse(c.this.type == 0, c.Float64l, c.CString("ascii")),
    "unit" / c.CString("ascii"),
)
_MEASURED = [
    "voltage_v", "current_a", "power_w", "charge_ah", "discharge_ah", "charge_wh", "discharge_wh",
    "resistance_ohm", "dv_dt", "acr_ohm", "aci_ohm", "aci_phase",
]  # fmt: skip
_CHANNEL = c.Struct(
    "channel" / c.Int32ul,
    "status" / c.Int16sl,
    "comm_failure" / c.Int8ul,
    "schedule" / _utf16(200),
    "test" / _utf16(72),
    "exit" / c.PaddedString(100, "ascii"),
    "step_and_cycle" / c.PaddedString(64, "ascii"),
    "barcode" / _utf16(72),
    "can" / _utf16(200),
    "smb_config" / _utf16(200),
    "master" / c.Int16ul,
    "test_time" / c.Float64l,
    "step_time" / c.Float64l,
    *[name / c.Float32l for name in _MEASURED],
    *[f"{name}_count" / c.Int16ul for name in [*AUX, "bms", "smb"]],
    *[name / c.Array(c.this[f"{name}_count"], _READING) for name in AUX],
    "bms" / c.Array(c.this.bms_count, _BMS),
    "smb" / c.Array(c.this.smb_count, _SMB),
)

STRUCTS = {
    "login": _frame("user" / c.PaddedString(32, "ascii"), "password" / c.PaddedString(32, "ascii")),
    "stop": _frame("channel" / c.Int32sl, "result" / c.Int8ul, "reserved" / c.Bytes(101)),
    "one": _frame("count" / c.Int32ul, "channels" / c.Array(c.this.count, _CHANNEL)),
}
STRUCTS["many"] = STRUCTS["one"]
