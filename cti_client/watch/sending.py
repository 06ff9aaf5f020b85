"""What stands under ``[send.NAME]``: read and checked, and made into senders.

::

    [send.notes]
    type = "file"
    file = "alerts.log"

    [send.pager]
    type = "command"
    command = ["/usr/local/bin/page", "--urgent"]
    timeout_s = 30                            # this if it is left out

    [send.chat]
    type = "webhook"
    url_variable = "CTI_CHAT_URL"             # environment variable with the URL; or url = "https://..."

    [send.mail]
    type = "email"
    host = "smtp.example.org"
    security = "starttls"                     # or "tls", or "none"
    port = 587                                # the usual one if it is left out
    from = "cyclers@example.org"
    to = ["lab@example.org"]
    user = "cyclers"                          # nobody logs in if it is left out
    password_file = "smtp.password"           # or the environment: CTI_SMTP_PASSWORD, or password_variable

A relative path begins at the folder of the file.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from cti_client.credentials import Secret, read_private
from cti_client.settings import Key, check_settings, nearest, valid_port
from cti_client.toml_file import Document
from cti_client.watch.rules import TERMINAL
from cti_client.watch.senders import Command, LogFile, Sender, Webhook
from cti_schema.errors import ConfigurationError

__all__ = ["PASSWORD_VARIABLE", "check_senders", "senders"]

PASSWORD_VARIABLE: Final = "CTI_SMTP_PASSWORD"  # noqa: S105 - a name, not a password

#: How long a command may run where nothing is said, and at most.
_COMMAND_S: Final = 30.0
_MOST_COMMAND_S: Final = 3600.0

_TYPE: Final = {"type": Key(str)}

_KEYS: Final[Mapping[str, Mapping[str, Key]]] = {
    "terminal": {},
    "file": {"file": Key(str)},
    "command": {"command": Key(str, many=True), "timeout_s": Key(float, required=False)},
    "webhook": {"url": Key(str, required=False), "url_variable": Key(str, required=False)},
    "email": {
        "host": Key(str),
        "port": Key(int, required=False),
        "security": Key(str, required=False),
        "from": Key(str),
        "to": Key(str, many=True),
        "user": Key(str, required=False),
        "password_file": Key(str, required=False),
        "password_variable": Key(str, required=False),
    },
}

_ADDRESS: Final = re.compile(r"[!-~]+@[!-~]+")

#: Returns where a key stands, or the table for ``None``.
_Where = Callable[[str | None], str]

#: Makes a sender; fails where it could not be used.
_Maker = Callable[[], Sender]


def check_senders(document: Document) -> dict[str, _Maker | None]:
    """Check what stands under ``[send.NAME]``, and return what makes each sender; ``None`` is the terminal.

    Raises:
        ConfigurationError: something is wrong with one; the sentence names the line.
    """
    found: dict[str, _Maker | None] = {TERMINAL: None}
    folder = Path(document.file).parent
    for name, values in document.values.get("send", {}).items():
        where = partial(_where, document, name)
        kind = _kind(values, where)
        if "password" in values:
            raise ConfigurationError(
                f"{where('password')}: a password does not belong into this file, which many may read: "
                f"set {PASSWORD_VARIABLE}, or give 'password_file'"
            )
        check_settings(values, {**_TYPE, **_KEYS[kind]}, where)
        if name == TERMINAL and kind != "terminal":
            raise ConfigurationError(
                f"{where('type')}: {TERMINAL!r} is always the terminal: call this another name"
            )
        found[name] = None if kind == "terminal" else _MAKERS[kind](values, where, folder)
    return found


def senders(document: Document, used: Iterable[str], terminal: Sender) -> dict[str, Sender]:
    """Return the senders that are used, by their names, ready to be used.

    Args:
        document: the file.
        used: names of those that rules name.
        terminal: the one for the type ``terminal``.

    Raises:
        ConfigurationError: something is wrong with one, used or not; a password is missing, or a file cannot
            be written, of one that is used. The sentence names the line.
    """
    makers = check_senders(document)
    found: dict[str, Sender] = {}
    for name in dict.fromkeys(used):
        make = makers[name]
        try:
            found[name] = terminal if make is None else make()
        except ConfigurationError as error:
            raise ConfigurationError(f"{document.where('send', name)}: {error}") from None
    return found


def _where(document: Document, name: str, key: str | None) -> str:
    return document.where("send", name) if key is None else document.where("send", name, key)


def _kind(values: Mapping[str, Any], where: _Where) -> str:
    if "type" not in values:
        raise ConfigurationError(f"{where(None)}: the key 'type' is missing (known: {', '.join(_KEYS)})")
    kind = values["type"]
    if not isinstance(kind, str) or kind not in _KEYS:
        raise ConfigurationError(f"{where('type')}: {nearest('type', str(kind), _KEYS)}")
    return kind


def _file(values: Mapping[str, Any], where: _Where, folder: Path) -> _Maker:
    return lambda: LogFile(_path(values["file"], folder))


def _command(values: Mapping[str, Any], where: _Where, folder: Path) -> _Maker:
    arguments = values["command"]
    if isinstance(arguments, str):
        raise ConfigurationError(
            f"{where('command')}: write the program and its arguments as a list, "
            'like ["notify-send", "cycler"]: no shell reads them'
        )
    timeout_s = float(values.get("timeout_s", _COMMAND_S))
    if not 0.0 < timeout_s <= _MOST_COMMAND_S:
        raise ConfigurationError(
            f"{where('timeout_s')}: {timeout_s:g} s is not above 0 and at most {_MOST_COMMAND_S:g}"
        )

    def make() -> Sender:
        name = arguments[0]
        if Path(name).parent != Path():
            name = str(_path(name, folder))
        program = shutil.which(name)
        if program is None:
            raise ConfigurationError(f"there is no program {name!r} that can be run")
        return Command([program, *arguments[1:]], timeout_s)

    return make


def _webhook(values: Mapping[str, Any], where: _Where, folder: Path) -> _Maker:
    if ("url" in values) == ("url_variable" in values):
        raise ConfigurationError(f"{where(None)}: give either 'url' or 'url_variable'")

    def make() -> Sender:
        if "url" in values:
            return Webhook(Secret(values["url"]))
        return Webhook(_from_environment(values["url_variable"]))

    if "url" in values:
        try:
            make()
        except ConfigurationError as error:
            raise ConfigurationError(f"{where('url')}: {error}") from None
    return make


def _email(values: Mapping[str, Any], where: _Where, folder: Path) -> _Maker:
    from cti_client.watch.mail import PORTS, Mail

    security = values.get("security", "starttls")
    if security not in PORTS:
        raise ConfigurationError(f"{where('security')}: {nearest('security', security, PORTS)}")
    port = valid_port(values.get("port", PORTS[security]), where("port"))
    to = values["to"] if isinstance(values["to"], list) else [values["to"]]
    for key, addresses in (("from", [values["from"]]), ("to", to)):
        for one in addresses:
            if not _ADDRESS.fullmatch(one) or "," in one or "<" in one:
                raise ConfigurationError(f"{where(key)}: {one!r} is no address like lab@example.org")
    user, host = values.get("user"), values["host"].strip()
    if user is None:
        for key in ("password_file", "password_variable"):
            if key in values:
                raise ConfigurationError(f"{where(key)}: the key 'user' is missing, whose password that is")
    elif "password_file" in values and "password_variable" in values:
        raise ConfigurationError(f"{where('password_variable')}: 'password_file' says it already")
    elif security == "none" and not _is_here(host):
        raise ConfigurationError(
            f"{where('security')}: the password would travel in clear text: take 'starttls' or 'tls'"
        )

    def make() -> Sender:
        password = None
        if user is not None:
            if "password_file" in values:
                data = read_private(_path(values["password_file"], folder))
                password = Secret(data.decode("utf-8", "replace").strip("\r\n"))
            else:
                password = _from_environment(values.get("password_variable", PASSWORD_VARIABLE))
        return Mail(host, port, security, values["from"], to, user, password)

    return make


_MAKERS: Final = {
    "file": _file, "command": _command, "webhook": _webhook, "email": _email,
}  # fmt: skip


def _path(name: str, folder: Path) -> Path:
    return folder / Path(name).expanduser()


def _from_environment(variable: str) -> Secret:
    value = os.environ.get(variable)
    if not value:
        raise ConfigurationError(f"the environment variable {variable} is not set")
    return Secret(value)


def _is_here(host: str) -> bool:
    """Tell whether a host is this computer."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
