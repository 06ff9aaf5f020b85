"""Who is told of an alert: a log file, a command, a webhook; e-mail is in `cti_client.watch.mail`.

A sender may be slow, and fails with an `OSError` where another try makes sense, else with a
`ConfigurationError`.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from cti_client.credentials import Secret
from cti_client.dump.lines import safe
from cti_client.watch.alert import Alert, when_of
from cti_schema.errors import ConfigurationError

__all__ = ["Command", "LogFile", "Sender", "Webhook", "line_of"]

#: How often something that goes over a network is tried.
ATTEMPTS: Final = 5

#: How long each step of a delivery over a network may take.
NETWORK_S: Final = 10.0

#: How many bytes of an answer are read.
_MOST_ANSWER: Final = 65_536


class Sender(Protocol):
    """Someone who is told."""

    @property
    def attempts(self) -> int:
        """How often an alert is tried."""

    def send(self, alert: Alert, /) -> None:
        """Tell of an alert. It has been told when this returns."""


def line_of(alert: Alert) -> str:
    """Return the line of an alert: time in UTC, what happened, how bad it is, and the sentence."""
    return f"{when_of(alert.time)} {alert.state.upper()} {alert.severity} {alert.text}"


class LogFile:
    """Lines at the end of a file.

    Args:
        file: made if it is not there; opened anew for each line, so that others may move it away.

    Raises:
        ConfigurationError: it cannot be written.
    """

    attempts = 1

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._append("")
        except OSError as error:
            raise ConfigurationError(str(error)) from None

    def send(self, alert: Alert) -> None:
        """Write a line."""
        self._append(line_of(alert) + "\n")

    def _append(self, text: str) -> None:
        try:
            with open(self._file, "ab") as stream:
                stream.write(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise OSError(f"{self._file}: {error.strerror or error}") from None


class Command:
    """A program, run for each alert: the alert as JSON on standard input, its parts in the environment.

    Args:
        arguments: the program and what it is given; no shell reads them.
        timeout_s: how long it may run; then it is ended.
    """

    attempts = 1

    def __init__(self, arguments: Sequence[str], timeout_s: float) -> None:
        self._arguments = list(arguments)
        self._timeout_s = timeout_s

    def send(self, alert: Alert) -> None:
        """Run the program, and wait for its end."""
        name = self._arguments[0]
        shape = alert.as_json()
        posix = os.name == "posix"
        try:
            process = subprocess.Popen(  # noqa: S603 - the program that the user wants
                self._arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env={**os.environ, **_variables(shape)},
                start_new_session=posix,  # a Ctrl-C does not end it, and it can be ended with its children
            )
        except OSError as error:
            raise OSError(f"{name}: {error.strerror or error}") from None
        try:
            process.communicate(json.dumps(shape).encode() + b"\n", self._timeout_s)
        except subprocess.TimeoutExpired:
            with suppress(OSError):  # it may have just ended
                if posix:
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
            process.wait()
            raise OSError(f"{name} ran longer than {self._timeout_s:g} s and was ended") from None
        if process.returncode:
            raise OSError(f"{name} ended with {process.returncode}")


def _variables(shape: dict[str, Any]) -> dict[str, str]:
    texts = {
        name: "" if value is None else json.dumps(value) if isinstance(value, dict) else str(value)
        for name, value in shape.items()
    }
    # No name on a cycler has NUL in it; half characters may come from one.
    return {
        f"CTI_ALERT_{name.upper()}": text.replace("\0", "").encode("utf-8", "replace").decode()
        for name, text in texts.items()
    }


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirection alone: following it would lose the body, or tell another server."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Webhook:
    """A URL that JSON is posted to: ``{"text": ..., "alert": {...}}``. ``text`` is what Slack shows.

    Args:
        url: beginning with ``https://`` or ``http://``; as good as a password, so that no error shows it.

    Raises:
        ConfigurationError: it is no such URL.
    """

    attempts = ATTEMPTS

    def __init__(self, url: Secret) -> None:
        try:
            parts = urlsplit(url.reveal())
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        plain = url.reveal().isascii() and url.reveal().isprintable() and " " not in url.reveal()
        if not plain or host is None or parts.scheme not in ("http", "https"):
            raise ConfigurationError("this is no URL that begins with https:// or http://")
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError("there is a user in this URL, which is not supported")
        self._url = url
        self._host = host if port is None else f"{host}:{port}"
        context = ssl.create_default_context()
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)

    def send(self, alert: Alert) -> None:
        """Post an alert."""
        body = {"text": _slack(alert), "alert": alert.as_json()}
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            self._url.reveal(),
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "User-Agent": "cti-toolkit"},
        )
        try:
            with self._opener.open(request, timeout=NETWORK_S) as answer:
                answer.read(_MOST_ANSWER)
        except HTTPError as error:
            error.close()
            sentence = safe(f"{self._host} answers {error.code} {error.reason}")
            if error.code in (408, 429) or error.code >= 500:
                raise OSError(sentence) from None
            raise ConfigurationError(sentence) from None
        except (OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            raise OSError(f"{self._host}: {text}") from None


def _slack(alert: Alert) -> str:
    """Return the sentence with what Slack reads as commands made harmless, as it asks for."""
    text = f"{alert.severity}: {alert.text}"
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
