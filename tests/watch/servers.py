"""A small SMTP server and a small HTTP server on loopback, which remember what they were told."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Mailbox:
    """An SMTP server.

    Attributes:
        port: where.
        mails: what was taken.
        to: who it was for.
        logins: user and password, and whether the connection was encrypted.
        refuse: answers in the place of its own, by command; each is given so often as it stands there.
        tls: certificate and key, for STARTTLS.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    logins: list[tuple[str, str, bool]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    came: threading.Event = field(default_factory=threading.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(*lines: str) -> None:
            for line in lines:
                writer.write(line.encode() + b"\r\n")

        say("220 test")
        to: list[str] = []
        secure = False
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            command, _, rest = line.partition(" ")
            command = command.upper()
            if self.refuse.get(command):
                say(self.refuse[command].pop(0))
            elif command == "EHLO":
                offers = ["AUTH PLAIN"]
                if self.tls is not None and not secure:
                    offers.append("STARTTLS")
                say("250-test", *(f"250-{offer}" for offer in offers), "250 8BITMIME")
            elif command == "STARTTLS":
                assert self.tls is not None
                say("220 go")
                await writer.start_tls(self.tls)
                secure = True
            elif command == "AUTH":
                _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
                self.logins.append((user, password, secure))
                say("235 in")
            elif command == "RCPT":
                to.append(rest.partition("<")[2].partition(">")[0])
                say("250 ok")
            elif command == "DATA":
                say("354 go")
                data = b""
                while (part := await reader.readline()) != b".\r\n":
                    data += part
                self.mails.append(message_from_bytes(data, policy=policy.default))
                self.to.append(to)
                to = []
                say("250 taken")
                self.came.set()
            elif command == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
        writer.close()


@contextmanager
def smtp(tls: ssl.SSLContext | None = None, *, encrypted: bool = False) -> Iterator[Mailbox]:
    """Run an SMTP server.

    Args:
        tls: certificate and key, for STARTTLS.
        encrypted: the connection is encrypted from its beginning.
    """
    box = Mailbox(tls=None if encrypted else tls)
    started = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        ended = asyncio.Event()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await box.serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                writer.close()

        server = await asyncio.start_server(client, "127.0.0.1", 0, ssl=tls if encrypted else None)
        box.port = server.sockets[0].getsockname()[1]
        loops.append((asyncio.get_running_loop(), ended))
        started.set()
        async with server:
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert started.wait(10.0)
    try:
        yield box
    finally:
        loop, ended = loops[0]
        loop.call_soon_threadsafe(ended.set)
        thread.join(10.0)


@dataclass
class Hook:
    """An HTTP server that takes what is posted.

    Attributes:
        url: where.
        got: path, headers and body of each request.
        answers: status codes that are given first, one after the other; then 200.
        hold: requests wait for this before they are answered.
    """

    url: str = ""
    got: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)


@contextmanager
def http(tls: ssl.SSLContext | None = None) -> Iterator[Hook]:
    """Run an HTTP server."""
    hook = Hook()
    hook.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.got.append((self.path, dict(self.headers), json.loads(body)))
            hook.hold.wait(30.0)
            status = hook.answers.pop(0) if hook.answers else 200
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"{hook.url}/elsewhere")
            self.send_header("Content-Length", "2")
            with suppress(OSError):  # the client may not have waited
                self.end_headers()
                self.wfile.write(b"ok")

        def do_GET(self) -> None:
            hook.got.append((self.path, dict(self.headers), None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        hook.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield hook
        finally:
            hook.hold.set()
            server.shutdown()
            thread.join(10.0)


def certificate(folder: Path, openssl: str) -> tuple[Path, ssl.SSLContext]:
    """Return a new certificate for this computer, and what a server needs to show it."""
    import subprocess

    file, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(file)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return file, context
