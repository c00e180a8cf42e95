"""A relay between the driver and PostgreSQL that notes what goes over the wire.

The driver sends BEGIN, COMMIT and health checks by itself, where no hook of Python sees them; here
they are seen, in the messages of the protocol (PostgreSQL's documentation, chapter 54).
"""

import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RECEIVE_BYTES = 65536
LENGTH_BYTES = 4
QUERY, READY_FOR_QUERY = b"Q", b"Z"
# libpq looks for a socket of this name in the folder that it is told as its host.
SOCKET = ".s.PGSQL.5432"


class Relay:
    """What was sent since the last look: each query's text, and how often it was waited."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.queries: list[str] = []
        self.round_trips = 0

    def forget(self) -> None:
        """Count anew from here."""
        self.queries, self.round_trips = [], 0

    def from_client(self, kind: bytes, content: bytes) -> None:
        """Note a message of the driver's."""
        if kind == QUERY:
            self.queries.append(content.rstrip(b"\0").decode())

    def from_server(self, kind: bytes, content: bytes) -> None:
        """Note a message of PostgreSQL's: each round trip ends with ReadyForQuery."""
        if kind == READY_FOR_QUERY:
            self.round_trips += 1


@contextmanager
def relay(upstream: str) -> Iterator[Relay]:
    """Listen in a folder of its own for the block, and pass everything on to a socket's path."""
    with (
        tempfile.TemporaryDirectory(prefix="wire-") as directory,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        listener.bind(str(Path(directory, SOCKET)))
        listener.listen()
        noted = Relay(directory)
        threading.Thread(target=_accept, args=(listener, upstream, noted), daemon=True).start()
        yield noted
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, upstream: str, noted: Relay) -> None:
    with suppress(OSError):  # The listener was closed.
        while True:
            client, _ = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(upstream)
            # The first message of a client has no type; the server's all have one.
            for source, target, note, untyped in (
                (client, server, noted.from_client, True),
                (server, client, noted.from_server, False),
            ):
                arguments = (source, target, note, untyped)
                threading.Thread(target=_pass_on, args=arguments, daemon=True).start()


def _pass_on(
    source: socket.socket,
    target: socket.socket,
    note: Callable[[bytes, bytes], None],
    untyped: bool,
) -> None:
    received = b""
    with suppress(OSError), source, target:
        while part := source.recv(RECEIVE_BYTES):
            received += part
            while message := _first_message(received, untyped):
                note(*message)
                received = received[len(message[0]) + LENGTH_BYTES + len(message[1]) :]
                untyped = False
            target.sendall(part)
        target.shutdown(socket.SHUT_RDWR)


def _first_message(received: bytes, untyped: bool) -> tuple[bytes, bytes] | None:
    """Return type and content of the message that the bytes begin with, once it is whole."""
    start = 0 if untyped else 1
    if len(received) < start + LENGTH_BYTES:
        return None
    (length,) = struct.unpack_from(">I", received, start)
    if len(received) < start + length:
        return None
    return received[:start], received[start + LENGTH_BYTES : start + length]
