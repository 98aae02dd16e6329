"""A file and an address that nobody may touch, and whether somebody did:
what a parser must not open is watched by the kernel.
"""

import ctypes
import os
import socket
from contextlib import contextmanager

_libc = ctypes.CDLL(None, use_errno=True)
_OPENED, _NONBLOCK = 0x20, 0x800


class Untouched:
    """Where the watched file and address are."""

    def __init__(self, path, server):
        self.path, self._server = path, server
        self.url = f"http://127.0.0.1:{server.getsockname()[1]}/canary.dtd"
        self._events = _libc.inotify_init1(_NONBLOCK)
        assert _libc.inotify_add_watch(self._events, os.fsencode(path), _OPENED) >= 0

    def touched(self):
        """What was touched since the last time."""
        found = []
        try:
            os.read(self._events, 4096)
            found.append("file")
        except BlockingIOError:
            pass
        self._server.settimeout(0)
        try:
            self._server.accept()[0].close()
            found.append("address")
        except BlockingIOError:
            pass
        return found

    def close(self):
        os.close(self._events)


@contextmanager
def untouched(folder):
    """A secret file in a folder, and a server on the loopback."""
    path = folder / "secret.txt"
    path.write_text("TOP SECRET")
    with socket.create_server(("127.0.0.1", 0)) as server:
        watch = Untouched(path, server)
        try:
            yield watch
        finally:
            watch.close()
