"""`cti call`: any declared request by its name. All that is known about it is read from its declaration."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from cti_client.cli._common import Target, confirm, password, target_options
from cti_client.cli._meaning import channels_of, told
from cti_schema.errors import ConfigurationError, EncodeError, UnknownNameError

if TYPE_CHECKING:
    from cti_schema import Message, Request


@click.command()
@click.argument("name", metavar="MESSAGE")
@click.argument("words", metavar="[FIELD=VALUE]...", nargs=-1)
@target_options
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each feedback.")
@click.option("--yes", is_flag=True, help="Do not ask before a request that changes something.")
def command(name: str, words: tuple[str, ...], target: Target, as_json: bool, yes: bool) -> None:
    """Send any request, and show its feedback.

    `cti messages` lists the requests, `cti messages NAME` their fields. A field that is left out gets its
    declared default; one without a default must be given.

    \b
    cti call get_serial_number
    cti call stop_schedule channel_index=4
    cti call start_schedule test_name=a "channel_indices=[0,1]"

    Integers may be written 0x1F, values of an enumeration by their names, lists and records as JSON, bytes
    as hex. The fields are those of the wire: channel_index counts from 0, so channel 5 is channel_index=4.

    A request that changes something is sent only after a question, or with --yes.
    """
    try:
        request = _request(name, words)
    except (UnknownNameError, EncodeError) as error:
        raise ConfigurationError(
            f"{error} (see `cti messages {name}`)" if _exists(name) else str(error)
        ) from None

    from cti_schema.message import CONTROL

    if request.spec.effect is CONTROL and not yes:
        click.echo(f"{name} changes something at {target}:", err=True)
        for line in told(request):
            click.echo(line, err=True)
        confirm(f"send {name}", yes=yes)

    with target.open(login=not _is_login(request)) as cycler:
        feedbacks = cycler.request_all(request)
    _show(feedbacks, as_json=as_json)
    refusals = [sentence for feedback in feedbacks for sentence in _refusals(name, feedback)]
    for sentence in refusals:
        click.echo(f"Error: {sentence}", err=True)
    if refusals:
        sys.exit(1)


def _exists(name: str) -> bool:
    from cti_schema.registry import registry

    return any(message.spec.name == name for message in registry())


def _request(name: str, words: tuple[str, ...]) -> Request[Any]:
    """Return the request that the words describe.

    Raises:
        ConfigurationError: it is a feedback, a secret stands among the words, or a field has no value.
        UnknownNameError: no such request or field.
        EncodeError: a value does not fit.
    """
    from cti_client.cli import _values
    from cti_schema.derive.jsonform import from_json
    from cti_schema.message import Direction, Request
    from cti_schema.registry import registry

    known = [message.spec.name for message in registry() if message.spec.direction is Direction.REQUEST]
    if name not in known and not _exists(name):
        raise UnknownNameError("request", name, known)
    spec = registry().by_name(name).spec
    if name not in known:
        answered = [one.spec.name for one in registry() if registry().by_name(name) in one.spec.feedbacks]
        hint = f"; it answers {' and '.join(answered)}" if answered else ""
        raise ConfigurationError(f"{name} is a feedback, which only a cycler sends{hint}")
    secret = [kind.name for kind in spec.values if kind.secret]
    for word in words:
        if word.partition("=")[0] in secret:
            raise ConfigurationError(
                f"{word.partition('=')[0]} is never an argument, which others could see: set CTI_PASSWORD"
            )
    fields = _values.fields(spec, words)
    for field in secret:
        fields[field] = password(f"{field} for {name}")
    missing = _values.missing(spec, fields)
    if missing:
        first = missing[0]
        others = f" (and {', '.join(kind.name for kind in missing[1:])})" if missing[1:] else ""
        meaning = f", {first.doc}" if first.doc else ""
        raise ConfigurationError(f"{name} needs {first.name}=...{meaning}{others}: see `cti messages {name}`")
    message = from_json({"message": name, "direction": "request", "fields": fields})
    assert isinstance(message, Request)
    return message


def _is_login(request: Message) -> bool:
    """Tell whether a request is a login itself: it carries a secret of its own."""
    return any(kind.secret for kind in request.spec.values)


def _refusals(name: str, feedback: Message) -> Iterator[str]:
    """Yield a sentence for each result in a feedback that is not success."""
    from cti_schema.derive.tree import leaves
    from cti_schema.enumerations import ResultCode

    channel = channels_of("channel_index", getattr(feedback, "channel_index", None))
    where = f"{channel}: " if channel else ""
    for path, _, value in leaves(feedback):
        if isinstance(value, ResultCode) and not value.is_success:
            yield f"{where}{name} was refused: {value.meaning} ({path} {int(value)}, {value.label})"


def _show(feedbacks: Sequence[Message], *, as_json: bool) -> None:
    from cti_client.cli._output import Output
    from cti_client.dump import dumps, tree_lines
    from cti_client.dump.treetext import HEADINGS
    from cti_schema import encode
    from cti_schema.derive.jsonform import to_json
    from cti_schema.derive.tree import tree
    from cti_schema.wire.codec import inspect

    out = Output()
    for feedback in feedbacks:
        if as_json:
            out.line(dumps(to_json(feedback, secrets=False), out.encoding))
            continue
        out.line(out.paint("head", feedback.spec.name))
        out.line(out.paint("side", HEADINGS))
        # A feedback encodes to the bytes that it came from: its tree shows what was on the wire.
        for line in tree_lines(tree(inspect(encode(feedback), feedback.spec.direction)), paint=out.paint):
            out.line(line)
    out.flush()
