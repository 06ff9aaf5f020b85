"""What a channel knows about the item that is connected to it: the values of a test object file."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from spoofer.battery.cell import CellParameters

#: Larger numbers have no place in the four bytes that they are shown in.
_LARGEST = 1e30


@dataclass(slots=True)
class TestObject:
    """The values of a test object. The names are those of the messages' fields.

    Attributes:
        name: its file; empty for an anonymous one.
        specific_capacity: capacity per mass, in Ah/g.
        mass: in g.
        auto_calculate: the nominal capacity is that of the mass.
    """

    __test__ = False  # no test, although pytest would take the name for one

    name: str = ""
    nominal_capacity_ah: float = 0.0
    max_current_charge_a: float = 0.0
    min_voltage_charge_v: float = 0.0
    max_voltage_charge_v: float = 0.0
    nominal_voltage_v: float = 0.0
    nominal_capacitance_f: float = 0.0
    nominal_internal_resistance_ohm: float = 0.0
    specific_capacity: float = 0.0
    auto_calculate: bool = False
    mass: float = 0.0

    @classmethod
    def of(cls, cell: CellParameters) -> TestObject:
        """Return an anonymous test object with the nominal values of a cell."""
        return cls(
            nominal_capacity_ah=cell.capacity_ah,
            max_current_charge_a=2.0 * cell.capacity_ah,
            min_voltage_charge_v=2.5,
            max_voltage_charge_v=4.25,
            nominal_voltage_v=3.7,
            nominal_internal_resistance_ohm=cell.series_resistance_ohm,
            mass=45.0,
            specific_capacity=cell.capacity_ah / 45.0,
        )

    def change(self, values: dict[str, float]) -> None:
        """Take new values, by attribute; what is no finite number of a usual size is left out."""
        for name, value in values.items():
            if name == "auto_calculate":
                self.auto_calculate = bool(value)
            elif isfinite(value) and abs(value) <= _LARGEST:
                setattr(self, name, float(value))
        if self.auto_calculate:
            self.nominal_capacity_ah = min(self.mass * self.specific_capacity, _LARGEST)
