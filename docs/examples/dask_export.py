"""Read many captures on many cores or machines with Dask, as one Parquet data set.

    python dask_export.py FOLDER-OF-CAPTURES TARGET [SCHEDULER-ADDRESS]

Each capture is one task: `decode_to_arrow` needs nothing but its path, and the same
file always gives the same table. The data set is partitioned by day. A capture that is
read again replaces its own files and no others. Without arguments the program writes
three small captures and reads them.
"""

# mypy: disable-error-code="no-untyped-call,import-untyped"

import sys
import tempfile
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds
from cti_client.capture import CaptureWriter, Endpoint, decode_to_arrow
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.messages.get_channels_info import Channel, GetChannelsInfoFeedback
from dask.delayed import delayed
from dask.distributed import Client, LocalCluster


def export(capture: str, target: str) -> int:
    """Write the readings of one capture, and return how many there are."""
    table = decode_to_arrow(capture)
    seconds = pc.floor(table["time"]).cast("int64").cast("timestamp[s]")
    table = table.append_column("day", pc.strftime(seconds, format="%Y-%m-%d"))
    ds.write_dataset(
        table,
        target,
        format="parquet",
        partitioning=["day"],
        partitioning_flavor="hive",
        basename_template=f"{Path(capture).stem}-{{i}}.parquet",
        existing_data_behavior="overwrite_or_ignore",
    )
    return int(table.num_rows)


def export_all(captures: list[str], target: str, client: Client) -> int:
    """Write the readings of all captures, one task each; return how many there are."""
    tasks = [delayed(export)(capture, target) for capture in captures]
    return sum(client.gather(client.compute(tasks)))


def write_examples(folder: Path) -> None:
    """Write three captures of two channels, each an hour before midnight of its day."""
    client, server = Endpoint("10.0.0.2", 50000), Endpoint("10.0.0.9", 9031)
    for day in range(3):
        at = 1_700_002_800.0 + 86400 * day
        with CaptureWriter(folder / f"day{day}.pcapng") as writer:
            connection = writer.connection(client, server, at)
            for second in range(0, 7200, 60):
                voltage = 3.5 + second / 7200
                channels = [
                    default(Channel, channel_index=one, voltage_v=voltage)
                    for one in (0, 1)
                ]
                connection.server_sent(
                    encode(GetChannelsInfoFeedback(channels=channels)), at + second
                )


def main(folder: Path, target: Path, address: str | None = None) -> None:
    captures = [
        str(file)
        for file in sorted(folder.iterdir())
        if file.suffix in (".pcap", ".pcapng", ".gz")
    ]
    if address is None:
        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            Client(cluster) as client,
        ):
            count = export_all(captures, str(target), client)
    else:
        with Client(address) as client:
            count = export_all(captures, str(target), client)
    print(f"{count} readings of {len(captures)} captures written to {target.name}")
    for day in sorted(target.iterdir()):
        readings = ds.dataset(day, format="parquet").to_table(
            columns=["channel", "voltage_v"]
        )
        highest = pc.max(readings["voltage_v"]).as_py()
        print(f"{day.name} {readings.num_rows} readings, up to {highest:.3f} V")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4])
    else:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "captures").mkdir()
            write_examples(Path(name) / "captures")
            main(Path(name) / "captures", Path(name) / "readings")
