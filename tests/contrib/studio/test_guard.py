"""The guard: who may ask, from where, and how much they may send."""

from __future__ import annotations

from itertools import product

import pytest

pytest.importorskip("veraretouch_studio", reason="pip install ./contrib/serve ./contrib/studio")

from veraretouch_serve.guard import JSON_LIMIT
from veraretouch_studio.interface import OPERATIONS

PLACES = {"{id}": "0" * 24, "{column}": "0", "{row}": "0", "{job}": "x"}


def places(path: str) -> str:
    for name, value in PLACES.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.handler)
def test_nothing_is_told_or_done_without_a_session(stranger, operation):
    answer = stranger(operation.method, places(operation.path), b"{}")
    assert answer.status == 401
    assert "open the link" in answer.json()["error"]


def test_a_matrix_of_hosts_origins_and_methods_lets_this_page_through_alone(client):
    own = f"127.0.0.1:{client.port}"
    hosts = [own, f"localhost:{client.port}", f"[::1]:{client.port}", "evil.example", "127.0.0.1", None]
    hosts += [f"127.0.0.1:{client.port + 1}", f"127.0.0.1.evil.example:{client.port}"]
    origins = ["same", None, "null", "http://evil.example", f"https://{own}", f"http://127.0.0.1:{client.port + 1}"]
    for host, origin, method in product(hosts, origins, ["GET", "POST"]):
        sent = f"http://{host}" if origin == "same" else origin
        answer = client(method, "/api/paste" if method == "POST" else "/api/photos", b"", Host=host, Origin=sent)
        right = host in hosts[:3] and (origin == "same" or (origin is None and method == "GET"))
        # What is let through is refused later, since it says no media type.
        wanted = {200, 415} if right else {400, 403}
        assert answer.status in wanted, (host, origin, method, answer.status)


def test_what_another_site_embeds_is_refused_although_the_cookie_comes_along(client):
    """A page on another port of this machine is of the same site: browsers send it the cookie, and GET no origin."""
    path = f"/api/photos/{client.first()}/thumbnail"
    for site, status in (("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)):
        assert client("GET", path, Origin=None, Sec_Fetch_Site=site).status == status


def test_the_link_is_good_once_and_the_cookie_is_hidden_from_scripts(stranger):
    assert stranger("POST", "/api/session", {"token": "wrong"}).status == 401
    assert stranger("POST", "/api/session", {"token": 5}).status == 401
    assert stranger("POST", "/api/session", b"[").status == 401
    answer = stranger("POST", "/api/session", {"token": stranger.token})
    assert answer.status == 204
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))
    assert stranger("POST", "/api/session", {"token": stranger.token}).status == 401
    stranger.cookie = answer.headers["set-cookie"].partition(";")[0]
    assert stranger("POST", "/api/session", {"token": "whatever"}).status == 204  # a reload
    assert stranger("GET", "/api/photos").status == 200
    assert stranger("GET", "/api/photos", Cookie=stranger.cookie[:-1] + "x").status == 401


@pytest.mark.parametrize("path", ["/", "/page/index.html", "/api/photos", "/nothing"])
def test_every_answer_says_what_the_page_may_do(stranger, path):
    headers = stranger("GET", path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path", ["/page/../server.py", "/page/%2e%2e/server.py", "/page/..%2fserver.py", "/page//etc/passwd", "/page/"]
)
def test_no_file_but_the_pages_own_is_served(stranger, path):
    assert stranger("GET", path).status in (404, 405)


def test_a_body_beyond_its_limit_is_refused_by_what_it_announces_and_by_what_it_is(client):
    announced = client("POST", "/api/paste", None, Content_Length=str(JSON_LIMIT + 1), Content_Type="application/json")
    assert announced.status == 413
    assert client("POST", "/api/paste", b" " * 100, Content_Length="-1").status in (400, 413)
