"""`cti wireshark`: the dissector for Wireshark, computed from the declarations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from cti_schema.errors import ConfigurationError

_NAME = "cti.lua"


@click.command()
@click.option("--install", is_flag=True, help="Write it into your folder of Wireshark plugins.")
@click.option("--folder", type=click.Path(path_type=Path), metavar="DIR",
              help="With --install: another folder.")  # fmt: skip
def command(install: bool, folder: Path | None) -> None:
    """Write a dissector that teaches Wireshark and tshark CTI, with every message that is declared.

    \b
    cti wireshark > cti.lua
    tshark -X lua_script:cti.lua -r capture.pcapng
    cti wireshark --install

    Filters begin with cti: `cti.message == "start_schedule"`, `cti.start_schedule.test_name contains "cell"`,
    `cti.response_time > 0.5`, `cti.problem.checksum`. Passwords are shown as *** unless the preference
    cti.show_secrets is set.
    """
    if folder is not None and not install:
        raise click.UsageError("--folder is for --install.")
    from cti_schema import messages
    from cti_schema.derive.wireshark import MARK, dissector

    source = dissector(messages())
    if not install:
        # Not a text stream: Lua source is UTF-8, whatever the terminal is.
        sys.stdout.buffer.write(source.encode("utf-8"))
        sys.stdout.buffer.flush()
        return
    target = (folder or plugin_folder()) / _NAME
    if target.exists() and not target.read_text("utf-8", "replace").startswith(MARK.split(",")[0]):
        raise ConfigurationError(f"{target} was not written by this command; move it away first")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    try:
        part.write_text(source, encoding="utf-8")
        part.replace(target)
    except OSError as error:
        error.filename = str(target)
        raise
    finally:
        part.unlink(missing_ok=True)
    click.echo(
        f"Written to {target}. Wireshark loads it when it starts, or with Analyze > Reload Lua Plugins."
    )


def plugin_folder() -> Path:
    """Return the user's folder of Lua plugins: as tshark says, else the one that Wireshark documents."""
    tshark = shutil.which("tshark")
    if tshark is not None:
        try:
            told = subprocess.run(  # noqa: S603 - the program that was found, with fixed arguments
                [tshark, "-G", "folders"], capture_output=True, text=True, timeout=20, check=True
            ).stdout
        except (OSError, subprocess.SubprocessError):
            told = ""
        for line in told.splitlines():
            name, _, path = line.partition(":")
            if name.strip() == "Personal Lua Plugins" and path.strip():
                return Path(path.strip())
    roaming = os.environ.get("APPDATA")
    if sys.platform == "win32" and roaming:
        return Path(roaming) / "Wireshark" / "plugins"
    return Path.home() / ".local" / "lib" / "wireshark" / "plugins"
