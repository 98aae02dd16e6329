"""Servers listen on this machine alone unless they are told otherwise."""

import re
import socket

import pytest

from veraretouch.core.cli.loopback import listen
from veraretouch.core.errors import InvalidRequest


def test_a_free_port_is_taken_on_loopback_and_can_be_reached():
    with listen(0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        with socket.create_connection((host, port), timeout=5):
            pass


def test_a_port_that_is_taken_is_refused_with_the_reason():
    with listen(0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InvalidRequest, match=rf"port {port} of 127\.0\.0\.1 .*(?i:in use).*Choose another"):
            listen(port)


def test_a_host_that_is_no_address_of_this_machine_is_refused():
    with pytest.raises(InvalidRequest, match=re.escape("of 192.0.2.1 cannot be listened on")):
        listen(0, "192.0.2.1")
