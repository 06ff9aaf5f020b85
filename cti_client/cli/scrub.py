"""`cti scrub`: a capture that is safe to share."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
def command(source: Path, target: Path) -> None:
    """Write the capture OUT, which is IN without secrets and personal data.

    IN is a capture (pcap or pcapng, also gzipped); OUT becomes a pcapng file when it is whole.

    \b
    cti scrub fault.pcapng fault-to-share.pcapng

    Passwords, user names, and what a cycler tells of its owner are overwritten, and so is any other text that
    repeats one of them. Lengths stay, and checksums fit. Only connections with CTI are kept; what is not
    understood becomes zero. Addresses, ports, times, serial numbers and the names of tests and files stay:
    look at them before you share the file.
    """
    from cti_client.dump.scrub import scrub

    done = scrub(source, target)
    for note in done.notes:
        click.echo(f"Note: {source}: {note}", err=True)
    click.echo(
        f"{target}: {_count(done.packets, 'packet')} with {_count(done.frames, 'frame')}; "
        f"{_count(done.fields, 'field')} and {_count(done.repeated, 'repeated text')} overwritten"
    )
    if done.unclear:
        click.echo(f"{_count(done.unclear, 'byte')} that could not be understood became zero")
    if done.left_out:
        click.echo(f"{_count(done.left_out, 'packet')} of other traffic left out")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
