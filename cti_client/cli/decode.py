"""`cti decode`: frames to JSON Lines. What goes in comes out, so that `cti encode` gives it back."""

from __future__ import annotations

import sys

import click


@click.command()
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--direction", type=click.Choice(["request", "feedback"]),
              help="Which way the frames go; by default found out frame by frame.")  # fmt: skip
@click.option("--hide-secrets", is_flag=True, help="Write *** for passwords.")
def command(file: str, direction: str | None, hide_secrets: bool) -> None:
    """Frames to JSON Lines: one line for each frame.

    FILE (by default standard input) holds frames as raw bytes or as hex text; which of them is found out.
    Hex text may have white space, 0x, ":", "," and "-" between its bytes and # comments; a line that begins
    with a frame's token ends the frame before it. For captures there is `cti dump --json`.

    \b
    cti decode frames.hex
    cti decode frames.hex | cti encode

    `cti encode` gives every frame with a right checksum back. For that a login is written with its
    PASSWORD; --hide-secrets hides it, as `cti dump` always does.

    What is wrong with a frame stands in its "problems". Half a frame is no message: it is named on standard
    error, and the exit code is 1.
    """
    from cti_client.cli._output import Output
    from cti_client.dump.jsonlines import dumps
    from cti_client.dump.sources import FrameSource, Input
    from cti_schema.derive.jsonform import decoded_to_json
    from cti_schema.errors import InputError
    from cti_schema.wire.codec import inspect

    with Input(sys.stdin.buffer if file == "-" else file) as source:
        if source.kind == "empty":
            raise InputError(f"{source.name}: empty")
        if source.kind == "capture":
            raise InputError(f"{source.name}: a capture file; use cti dump --json")
        out = Output(live=file == "-")
        frames = FrameSource(source, direction)
        wrong = []
        try:
            for frame in frames:
                decoded = inspect(frame, direction, spans=False)
                half = next((one for one in decoded.problems if one.kind == "incomplete"), None)
                if half is not None:
                    wrong.append(f"{source.name}, {frames.place(frame)}: half a frame: {half.message}")
                else:
                    out.line(dumps(decoded_to_json(decoded, secrets=not hide_secrets), out.encoding))
            if frames.end:
                wrong.append(f"{source.name}: {frames.end}")
        except InputError as error:
            wrong.append(str(error))
        finally:
            out.flush()
        if wrong:
            raise InputError("\nError: ".join(wrong))
