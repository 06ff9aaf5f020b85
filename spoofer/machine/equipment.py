"""What stands around the channels: auxiliaries, chambers, EQs, cells and trays, and the barcodes on all that.

Plain state; it knows no test and no request. Which channel belongs to what follows from its index alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cti_schema.enums import AuxGroup, BarcodeChannelType, DataType

#: Channels of a tray, and of a temperature chamber (whose table has 64 places).
CHANNELS_PER_TRAY: Final = 8
CHANNELS_PER_CHAMBER: Final = 8

#: The vendor's client takes 2048 EQs and cells in one feedback.
_MOST_ITEMS: Final = 2048
_CELLS_PER_EQ: Final = 4

#: Schedules whose requirements are remembered.
_MOST_SCHEDULES: Final = 1000

#: Auxiliaries whose value a client sets.
OUTPUTS: Final = {DataType.MP_DATA_TYPE_AUX_DO: AuxGroup.DO, DataType.MP_DATA_TYPE_AUX_AO: AuxGroup.AO}

#: What a data type names of an auxiliary: its group, and whether it is the reading's change.
AUX_TYPES: Final[dict[DataType, tuple[AuxGroup, bool]]] = {
    DataType.MP_DATA_TYPE_AUX_TEMPERATURE: (AuxGroup.T, False),
    DataType.MP_DATA_TYPE_AUXD_TDT: (AuxGroup.T, True),
    DataType.MP_DATA_TYPE_AUX_VOLTAGE: (AuxGroup.AUX_V, False),
    DataType.MP_DATA_TYPE_AUXD_VDT: (AuxGroup.AUX_V, True),
    DataType.MP_DATA_TYPE_AUX_PRESSURE: (AuxGroup.P, False),
    DataType.MP_DATA_TYPE_AUXD_PDT: (AuxGroup.P, True),
    DataType.MP_DATA_TYPE_AUX_PH: (AuxGroup.PH, False),
    DataType.MP_DATA_TYPE_AUXD_PH_VDT: (AuxGroup.PH, True),
    DataType.MP_DATA_TYPE_AUX_FLOW_RATE: (AuxGroup.FR, False),
    DataType.MP_DATA_TYPE_AUXD_F_RDT: (AuxGroup.FR, True),
    DataType.MP_DATA_TYPE_AUX_CONCENTRATION: (AuxGroup.CONC, False),
    DataType.MP_DATA_TYPE_AUXD_CONCENTRATIONDT: (AuxGroup.CONC, True),
    DataType.MP_DATA_TYPE_AUX_DI: (AuxGroup.DI, False),
    DataType.MP_DATA_TYPE_AUX_DO: (AuxGroup.DO, False),
    DataType.MP_DATA_TYPE_AUX_EXTERNAL_CHARGE: (AuxGroup.EC, False),
    DataType.MP_DATA_TYPE_AUX_HUMIDITY: (AuxGroup.HUMIDITY, False),
    DataType.MP_DATA_TYPE_AUXD_HUMDT: (AuxGroup.HUMIDITY, True),
    DataType.MP_DATA_TYPE_AUX_AO: (AuxGroup.AO, False),
}

#: What auxiliaries show that follow nothing else: kPa, pH, percent; the others show 0.
_STILL: Final = {AuxGroup.P: 101.3, AuxGroup.PH: 7.0, AuxGroup.HUMIDITY: 45.0}


@dataclass(slots=True)
class Tray:
    """A tray that presses contacts on its cells.

    Attributes:
        engaged: pressed down.
        changed: it was pressed down or released since the cycler started.
    """

    engaged: bool = False
    changed: bool = False


@dataclass(slots=True)
class Chamber:
    """A temperature chamber.

    Attributes:
        name: of the group of channels in it.
        channels: their zero-based indices.
        temperature_degc: what it is set to.
    """

    name: str
    channels: range
    temperature_degc: float = 25.0


@dataclass(slots=True)
class Equipment:
    """What belongs to a number of channels.

    Attributes:
        channel_count: channels.
        aux: how many auxiliaries of each group every channel has.
        sptt: whether EQs, cells and trays belong to the channels.
        trays: the trays.
        chambers: the temperature chambers.
        barcodes: barcode and further text of EQs, cells and trays.
        needs: how many auxiliaries of each group a schedule requires, by its name.
    """

    channel_count: int
    aux: Mapping[AuxGroup, int] = field(default_factory=lambda: {AuxGroup.T: 1})
    sptt: bool = True
    trays: list[Tray] = field(init=False)
    chambers: list[Chamber] = field(init=False)
    barcodes: dict[tuple[BarcodeChannelType, int], tuple[str, str]] = field(default_factory=dict)
    needs: dict[str, Mapping[AuxGroup, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = -(-self.channel_count // CHANNELS_PER_TRAY) if self.sptt else 0
        self.trays = [Tray() for _ in range(count)]
        self.chambers = [
            Chamber(f"Chamber {number}", range(first, min(first + CHANNELS_PER_CHAMBER, self.channel_count)))
            for number, first in enumerate(range(0, self.channel_count, CHANNELS_PER_CHAMBER), start=1)
        ]

    @property
    def eq_count(self) -> int:
        """Number of EQs: one for each channel, of the same index."""
        return self.channel_count if self.sptt else 0

    @property
    def cells_per_eq(self) -> int:
        """Cells of an EQ; fewer on a large machine, because one feedback has room for 2048 records."""
        return min(_CELLS_PER_EQ, _MOST_ITEMS // self.channel_count - 1) if self.sptt else 0

    def cells(self, eq_index: int) -> range:
        """Return the zero-based indices of the cells of an EQ."""
        count = self.cells_per_eq
        return range(eq_index * count, (eq_index + 1) * count)

    def require(self, schedule_name: str, needs: Mapping[AuxGroup, int]) -> None:
        """Remember what a schedule requires; of too many schedules the first one is forgotten."""
        self.needs.pop(schedule_name, None)
        self.needs[schedule_name] = needs
        if len(self.needs) > _MOST_SCHEDULES:
            del self.needs[next(iter(self.needs))]

    def lacks(self, schedule_name: str) -> bool:
        """Return whether a schedule requires more auxiliaries than a channel has."""
        needs = self.needs.get(schedule_name, {})
        return any(count > self.aux.get(group, 0) for group, count in needs.items())

    def count(self, kind: BarcodeChannelType) -> int | None:
        """Return how many there are of what carries a barcode; ``None`` of what there is not at all."""
        counts = {
            BarcodeChannelType.IV: self.channel_count,
            BarcodeChannelType.EQ: self.eq_count,
            BarcodeChannelType.CELL: self.eq_count * self.cells_per_eq,
            BarcodeChannelType.TRAY: len(self.trays),
        }
        return counts.get(kind)

    def channels_of(self, kind: BarcodeChannelType, index: int) -> range:
        """Return the zero-based channels that an EQ, a cell or a tray belongs to."""
        if kind is BarcodeChannelType.TRAY:
            first = index * CHANNELS_PER_TRAY
            return range(first, min(first + CHANNELS_PER_TRAY, self.channel_count))
        channel = index // self.cells_per_eq if kind is BarcodeChannelType.CELL else index
        return range(channel, channel + 1)

    def tray_of(self, channel_index: int) -> int:
        """Return the zero-based tray that a channel belongs to."""
        return channel_index // CHANNELS_PER_TRAY

    def chamber_of(self, channel_index: int) -> Chamber | None:
        """Return the chamber that a channel belongs to."""
        return next((one for one in self.chambers if channel_index in one.channels), None)


def still(group: AuxGroup) -> float:
    """Return what an auxiliary shows that follows nothing else."""
    return _STILL.get(group, 0.0)
