"""`cti fuzz-client`: an emulated cycler whose answers are broken, for a client to be tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cti_client.cli._common import PORT

if TYPE_CHECKING:
    from spoofer.fuzz.playing import Played, Playing


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="0 picks a free port.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N",
              help="The same seed breaks the same answers.")  # fmt: skip
@click.option("--rate", type=click.FloatRange(0, 1), default=0.2, show_default=True, metavar="SHARE",
              help="How many of the answers are broken, 0 to 1.")  # fmt: skip
@click.option("--only", multiple=True, metavar="GLOB",
              help="Only answers to these commands, or only these mutations; may be repeated.")  # fmt: skip
@click.option("--case", type=click.IntRange(min=1), metavar="N",
              help="Break the answer of that number alone, as --seed says.")  # fmt: skip
@click.option("--channels", type=click.IntRange(1, 2048), default=16, show_default=True, metavar="N",
              help="Channels of the cycler.")  # fmt: skip
@click.option("--personality", default="pro8", show_default=True, metavar="NAME|NUMBER",
              help="Which cycler it is: its name, or the version number of its login.")  # fmt: skip
@click.option("--record", "record_file", type=click.Path(dir_okay=False), metavar="FILE",
              help="Record the traffic as pcapng, passwords included.")  # fmt: skip
def command(
    host: str,
    port: int,
    seed: int,
    rate: float,
    only: tuple[str, ...],
    case: int | None,
    channels: int,
    personality: str,
    record_file: str | None,
) -> None:
    """Play a cycler whose answers are broken, to fuzz a client.

    \b
    cti fuzz-client --port 9031 --seed 7              point your client at it
    cti fuzz-client --rate 1 --only 'length_*'        only lengths are wrong, of every answer
    cti fuzz-client --rate 1 --only 'get_channels_*'  only readings are broken
    cti fuzz-client --seed 7 --case 123               answer 123 of seed 7 once more

    The cycler itself is right: one thing is broken in some of its answers, on the way out. The first line on
    standard output is `listening on HOST:PORT`. Then there is a line for each broken answer: its number, the
    request, the feedback, the name of the mutation, and the one thing that is wrong. A client that asks for
    the same in the same order gets the same. Ctrl-C ends it, and tells what was played.

    A good client gives nothing of a broken answer to its user, ends every wait, goes on with the next answer,
    and never sends a command twice.
    """
    import asyncio
    from contextlib import ExitStack

    from cti_client.cli.spoof import _say, _serve
    from cti_client.dump.lines import safe
    from cti_schema.errors import ConfigurationError, UnknownNameError
    from spoofer import Device, Spoofer
    from spoofer.fuzz.playing import Playing
    from spoofer.personality import personality as personality_of

    def told(played: Played) -> None:
        _say(safe(str(played)))

    try:
        device = Device(channels=channels, personality=personality_of(personality))
    except UnknownNameError as error:
        raise ConfigurationError(f"--personality: {error}") from None
    try:
        playing = Playing(seed, rate=rate, only=only, case=case, told=told)
    except UnknownNameError as error:
        raise ConfigurationError(f"--only: {error}") from None
    with ExitStack() as stack:
        recorder = None
        if record_file:
            from cti_client.cli._recorder import Recorder

            recorder = Recorder(record_file, lambda: (spoofer.host, spoofer.port))
            stack.callback(recorder.close)
        spoofer = Spoofer(device, host=host, port=port, faults=playing, tap=recorder)
        asyncio.run(_serve(spoofer, host, None))
    for line in _summary(playing):
        click.echo(line, err=True)


def _summary(playing: Playing) -> list[str]:
    """Return what was played, in lines."""
    lines = [f"seed {playing.seed}: {playing.feedbacks} answers, {playing.counts.total()} of them broken"]
    return [*lines, *(f"{count:6d}  {name}" for name, count in playing.counts.most_common())]
