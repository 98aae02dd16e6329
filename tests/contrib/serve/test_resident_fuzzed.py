"""Whatever the OpenAPI document allows, and much that it does not, is answered without a fault of the server."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

schemathesis = pytest.importorskip("schemathesis")
pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from hypothesis import HealthCheck, Phase, event, seed, settings  # noqa: E402
from serving import OBEDIENT, TOKEN  # noqa: E402
from veraretouch_serve.resident.operations import openapi  # noqa: E402

pytestmark = pytest.mark.xdist_group("serve")
schema = schemathesis.openapi.from_dict(openapi())
drawing = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


def picture() -> bytes:
    """A photo of a few pixels."""
    file = io.BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(file, "PNG")
    return file.getvalue()


def ask(case, server) -> None:
    """Send a case: as it is, or its request with photos that can be read, so that what is done with them is tried."""
    form = case.body if isinstance(case.body, dict) else {}
    files = {part: ("a.png", picture()) for part in ("photo", "before", "after") if part in form}
    if files and len(str(form)) % 4:
        sent = {"request": json.dumps(form["request"])} if "request" in form else {}
        response = server.client.post(case.path, data=sent, files=files)
    else:
        response = case.call(base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
    event(f"{case.path} {response.status_code}")
    assert response.status_code not in (500, 501, 502), response.text


@schema.parametrize()
@seed(0)
@settings(max_examples=4, phases=[Phase.generate], **drawing)
def test_no_request_is_a_fault_of_the_server(case, server):
    ask(case, server)


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=100, **drawing)
def test_no_request_of_many_is_a_fault_of_the_server(case, server):
    ask(case, server)


@pytest.mark.slow
@pytest.mark.parametrize("junk", range(200))
def test_no_bytes_are_a_fault_of_the_server(server, junk):
    """Forms that are torn, doubled and filled with noise."""
    rng = np.random.default_rng(junk)
    part = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a.png"\r\n\r\n%s\r\n'
    order = b'{"planner": "%s"}' % OBEDIENT.encode()
    body = bytearray(part % (b"request", order) + part % (b"photo", picture()) + b"--x--\r\n")
    for place in rng.integers(0, len(body), rng.integers(1, 12)):
        body[place] = rng.integers(0, 256)
    cut = bytes(body[: rng.integers(1, len(body) + 1)])
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert server.client.post("/api/retouch", content=cut, headers=headers).status_code < 500
