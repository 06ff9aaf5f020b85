"""Answers those who ask for metrics, over HTTP, in threads of its own. Knows nothing of cyclers."""

from __future__ import annotations

import os
import socket
import threading
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any, Final, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector

from cti_schema.errors import ConfigurationError

__all__ = ["MetricsServer"]

#: Who asks at the same time; others are turned away.
_MOST: Final = 16

#: How long somebody who asks may take.
_PATIENCE_S: Final = 10.0


class MetricsServer:
    """Serves metrics at ``http://HOST:PORT/metrics`` until it is closed; listens when it is made.

    Use it in a ``with`` statement.

    Args:
        host: the address to listen on.
        port: TCP port; 0 picks a free one.

    Attributes:
        url: where they are.

    Raises:
        ConfigurationError: the port is in use, or this computer does not have the address.
    """

    def __init__(self, host: str, port: int) -> None:
        self._registry = CollectorRegistry()
        try:
            family, *_, place = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            self._server = _Server(family, place)
        except OSError as error:
            raise ConfigurationError(
                f"cannot serve metrics at {_address(host, port)}: {error.strerror or error}"
            ) from None
        self._server.set_app(make_wsgi_app(self._registry))
        self.url = f"http://{_address(host, self._server.server_address[1])}/metrics"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True
        )

    def start(self, metrics: Collector) -> None:
        """Answer with these metrics from now on."""
        self._registry.register(metrics)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE_S

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 4 * _MOST
    # On Windows this option lets two programs have one port; elsewhere it only saves a wait after an end.
    allow_reuse_address = os.name == "posix"

    def __init__(self, family: socket.AddressFamily, place: Any) -> None:
        self.address_family = family
        self._places = threading.BoundedSemaphore(_MOST)
        super().__init__(place, _Handler)

    def server_bind(self) -> None:
        """Bind, and ask no name server what this computer is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, if there are not too many."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: whoever asked has gone away."""
