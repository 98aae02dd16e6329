"""Every Python process that finds this on its path may connect to this machine alone; what it tries else is noted.

Names are not looked up, either. To ask the kernel which address the machine has, Ray "connects" a datagram socket to
8.8.8.8: that sends nothing, and is refused like all else.
"""

import errno
import os
import socket
import sys

OWN = {"127.0.0.1", "::1", "localhost", "", "0.0.0.0", socket.gethostname()}


def _is_own(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a path
    host = address[0].decode() if isinstance(address[0], bytes) else str(address[0])
    if host in OWN or host.startswith("127."):
        return True
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).bind(
            (host, 0)
        )  # only an address of this machine can be bound
    except OSError:
        return False
    return True


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    log = os.environ.get("NO_WAY_OUT")
    if not log or event not in ("socket.connect", "socket.getaddrinfo"):
        return
    if event == "socket.connect":
        connection, address = arguments
        kind = "datagram" if connection.type == socket.SOCK_DGRAM else "stream"  # type: ignore[attr-defined]
        refusal = OSError(errno.ENETUNREACH, "nothing is connected to but this machine")
    else:
        address, kind = (arguments[0] or "", 0), "name"
        refusal = socket.gaierror(socket.EAI_NONAME, "no names are known but those of this machine")
    if not _is_own(address):
        with open(log, "a") as file:
            file.write(f"{kind} {address[0]} {' '.join(sys.argv)[:200]}\n")  # type: ignore[index]
        raise refusal


sys.addaudithook(_watch)
