"""The addresses that a server listens on, and the names that requests address it by."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from veraretouch.core.cli.loopback import LOOPBACK
from veraretouch.core.errors import InvalidRequest

from ..guard import loopback_hosts


def check_host(host: str, *, network: bool) -> None:
    """Refuse to listen where other machines reach the server, unless that is wanted.

    Raises:
        InvalidRequest
    """
    try:
        address = ip_address(host)
    except ValueError:
        raise InvalidRequest(f"--host {host!r} is no address", cure=f"An example: --host {LOOPBACK}.") from None
    if not address.is_loopback and not network:
        raise InvalidRequest(
            f"--host {host} lets other machines send requests, and the token and photos travel unencrypted",
            cure="If that is what you want: --network, best behind a proxy with TLS.",
        )


def hosts_of(host: str, port: int, names: Iterable[str]) -> list[str]:
    """What requests may name as their host: this machine, the address, and further names, these also without a port."""
    found = loopback_hosts(port)
    if not ip_address(host).is_unspecified:
        found.append(f"{_written(host)}:{port}")
    for name in names:
        found += [name, f"{name}:{port}"]
    return list(dict.fromkeys(found))


def url_of(host: str, port: int) -> str:
    """Where programs of this machine reach a server."""
    address = ip_address(host)
    if address.is_unspecified:
        host = LOOPBACK if address.version == 4 else "::1"
    return f"http://{_written(host)}:{port}"


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
