"""Where servers of this machine listen."""

from __future__ import annotations

import socket
from typing import Final

from ..errors import InvalidRequest

LOOPBACK: Final = "127.0.0.1"


def listen(port: int, host: str = LOOPBACK) -> socket.socket:
    """A socket that listens on a port; 0 takes a free one.

    Args:
        port: 0 to 65535.
        host: the address of this machine to listen on; by default programs of this machine alone reach it.

    Raises:
        InvalidRequest: the port is taken, or may not be listened on; the host is no address of this machine.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        said = error.strerror or str(error)
        raise InvalidRequest(f"port {port} of {host} cannot be listened on: {said}", cure="Choose another.") from None
