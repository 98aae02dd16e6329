"""One photo's task."""

import pytest

from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.task import PhotoTask
from veraretouch.core.cli.options import WriteOptions


@pytest.fixture
def task(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"photo")
    products = Products(tmp_path / "out" / "a.jpg")
    return PhotoTask(0, photo, products, BatchRequest("rules"), WriteOptions(), versions="1")
