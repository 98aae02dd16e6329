"""Tensors of safetensors files: the reference library's own files, and files that are made to harm."""

import json
import struct
from contextlib import suppress

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from veraretouch.core.errors import InvalidDocument
from veraretouch.zoo.tensors import LARGEST_HEADER, read_tensors


@pytest.fixture
def read(tmp_path):
    def reader(data):
        (tmp_path / "x.safetensors").write_bytes(data)
        with (tmp_path / "x.safetensors").open("rb") as file:
            return read_tensors(file)

    return reader


def made(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "dtype",
    [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
     torch.uint8, torch.bool],
)  # fmt: skip
def test_what_the_reference_library_writes_is_read(read, dtype):
    given = {
        "a": torch.arange(6).reshape(2, 3).to(dtype),
        "scalar": torch.ones((), dtype=dtype),
        "none": torch.ones(0, 3),
    }
    found = read(save(given, metadata={"made": "by a test"}))
    assert set(found) == set(given)
    for name, tensor in given.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


def test_tensors_outlive_the_file_and_writing_to_them_leaves_it_alone(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(save({"a": torch.arange(4.0)}))
    before = path.read_bytes()
    with path.open("rb") as file:
        tensor = read_tensors(file)["a"]
    tensor += 1
    assert tensor.tolist() == [1, 2, 3, 4]
    assert path.read_bytes() == before


GOOD = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"abc",
        struct.pack("<Q", 2**63),
        struct.pack("<Q", LARGEST_HEADER + 1) + b"{}",
        made(b"[1]"),
        made(b"{" * 1000),
        made(b'{"a": 1, "a": 2}'),
        made({"a": GOOD}, b"1234567"),
        made({"a": GOOD}, b"123456789"),
        made({"a": GOOD, "b": GOOD}, b"12345678"),
        made({"a": GOOD | {"data_offsets": [4, 12]}}, b"123456789012"),
        made({"a": GOOD | {"shape": [-2]}}, b"12345678"),
        made({"a": GOOD | {"shape": [2**40, 2**40]}}, b"12345678"),
        made({"a": GOOD | {"shape": [True, 2]}}, b"12345678"),
        made({"a": GOOD | {"dtype": "PICKLE"}}, b"12345678"),
        made({"a": GOOD | {"data_offsets": [8, 0]}}, b"12345678"),
        made({"a": GOOD | {"data_offsets": "08"}}, b"12345678"),
        made({"a": None}),
        made({"a": {}}),
        made({"a": GOOD | {"shape": [1] * 100 + [2]}}, b"12345678"),
    ],
)
def test_files_that_are_made_to_harm(read, data):
    with pytest.raises(InvalidDocument):
        read(data)


@given(st.binary(max_size=200))
def test_no_bytes_give_anything_but_tensors_or_the_one_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "x.safetensors"
    path.write_bytes(data)
    with path.open("rb") as file, suppress(InvalidDocument):
        assert isinstance(read_tensors(file), dict)


def test_a_header_of_many_tensors_stays_under_a_gigabyte(tmp_path):
    import subprocess
    import sys

    path = tmp_path / "bomb.safetensors"
    path.write_bytes(made(b'{"a":[' + b"[],".ljust(3) * ((LARGEST_HEADER - 20) // 3) + b"[]]}"))
    # Not ru_maxrss: Linux counts in what the process that started this one had held.
    script = (
        "import re, sys; import torch; from veraretouch.zoo.tensors import read_tensors\n"
        "from veraretouch.core.errors import InvalidDocument\n"
        "try: read_tensors(open(sys.argv[1], 'rb'))\n"
        "except InvalidDocument: print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 10**9
