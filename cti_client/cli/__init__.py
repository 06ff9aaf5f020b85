"""The `cti` command. A subcommand is a file in this folder, found by itself.

Each module ``name.py`` defines ``command``, a click command; ``set_mv.py`` is ``cti set-mv``. A module
imports what is heavy inside its function, so that ``cti --help`` stays fast.

Exit codes: 0 fine, 1 failed, 2 wrong usage. An error is one sentence on standard error, no traceback.
"""

from __future__ import annotations

import os
import pkgutil
import sys
from importlib import import_module

import click

from cti_schema.errors import ConfigurationError, CTIError


class Commands(click.Group):
    """The subcommands, one per module of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (found.name for found in pkgutil.iter_modules(__path__))
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader has gone away (`cti dump x | head`): nothing is wrong. click itself would fail.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not close:
                raise
            text = f"{error.format_message()} Did you mean {close[0]!r}?"
            raise click.UsageError(text, ctx) from None


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib import metadata

        click.echo(f"cti {metadata.version('cti-toolkit')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version,
              help="Show the version and exit.")  # fmt: skip
@click.option("--messages", "folder", type=click.Path(exists=True, file_okay=False), metavar="DIR",
              help="Also use the message files in this folder.")  # fmt: skip
def cti(folder: str | None) -> None:
    """Talk to Arbin battery cyclers over CTI, emulate one, and decode their traffic."""
    if folder:
        from pathlib import Path

        from cti_schema.registry import registry

        registry().load_folder(Path(folder))


def main() -> None:
    """Run the command line; the console script ``cti``."""
    try:
        cti(standalone_mode=True, prog_name="cti")
    except ConfigurationError as error:
        _fail(str(error), 2)
    except CTIError as error:
        _fail(str(error), 1)
    except OSError as error:
        _fail(f"{error.filename or 'input or output'}: {error.strerror or error}", 1)


def _fail(message: str, code: int) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
