"""Tensors of safetensors files: the reference library's own files, and files that are made to harm."""

import json
import struct
from contextlib import suppress

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from peak import peak_memory
from safetensors.torch import save

from veraretouch.core.errors import InvalidDocument
from veraretouch.zoo.bundles.tensors import LARGEST_HEADER, read_tensors


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
EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"abc", id="too short"),
        pytest.param(struct.pack("<Q", 2**63), id="a header of 2**63 bytes"),
        pytest.param(struct.pack("<Q", LARGEST_HEADER + 1) + b"{}", id="a header beyond the limit"),
        pytest.param(made(b"[1]"), id="a list"),
        pytest.param(made(b"{" * 1000), id="1,000 braces"),
        pytest.param(made(b'{"a": 1, "a": 2}'), id="a key twice"),
        pytest.param(made({"a": GOOD}, b"1234567"), id="a byte too few"),
        pytest.param(made({"a": GOOD}, b"123456789"), id="a byte too many"),
        pytest.param(made({"a": GOOD, "b": GOOD}, b"12345678"), id="two tensors in one place"),
        pytest.param(made({"a": GOOD | {"data_offsets": [4, 12]}}, b"123456789012"), id="a gap"),
        pytest.param(made({"a": GOOD | {"shape": [-2]}}, b"12345678"), id="a negative size"),
        pytest.param(made({"a": GOOD | {"shape": [2**40, 2**40]}}, b"12345678"), id="2**80 values"),
        pytest.param(made({"a": GOOD | {"shape": [True, 2]}}, b"12345678"), id="a size of true"),
        pytest.param(made({"a": GOOD | {"dtype": "PICKLE"}}, b"12345678"), id="an unknown dtype"),
        pytest.param(made({"a": GOOD | {"data_offsets": [8, 0]}}, b"12345678"), id="an end before its start"),
        pytest.param(made({"a": GOOD | {"data_offsets": "08"}}, b"12345678"), id="offsets of text"),
        pytest.param(made({"a": None}), id="null"),
        pytest.param(made({"a": {}}), id="no facts"),
        pytest.param(made({"a": GOOD | {"shape": [1] * 100 + [2]}}, b"12345678"), id="101 axes"),
        pytest.param(made({"a": EMPTY | {"shape": [0, 2**61, 2**61]}}), id="zero times 2**122"),
        pytest.param(made({"a": EMPTY | {"shape": [2**61, 4, 0]}}, b""), id="zero after 2**63"),
        pytest.param(made({"a": GOOD | {"shape": {}, "data_offsets": [0, 4]}}, b"1234"), id="a shape of a mapping"),
        pytest.param(made({"a": GOOD | {"shape": "", "data_offsets": [0, 4]}}, b"1234"), id="a shape of text"),
        pytest.param(made({"__metadata__": [], "a": GOOD}, b"12345678"), id="metadata of a list"),
        pytest.param(made({"__metadata__": {"a": 1}, "a": GOOD}, b"12345678"), id="metadata of a number"),
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


SIDES = st.one_of(
    st.integers(0, 4), st.sampled_from([-1, 2**31, 2**61, 2**62, 2**64, 10**30, True, None, 0.5, "1", []])
)
ENTRIES = st.fixed_dictionaries(
    {"dtype": st.sampled_from(["U8", "F64", "f32", None, []])},
    optional={
        "shape": st.one_of(st.lists(SIDES, max_size=20), SIDES),
        "data_offsets": st.one_of(st.tuples(st.integers(0, 8), st.integers(0, 8)), st.lists(SIDES, max_size=3)),
    },
)


@given(st.dictionaries(st.text(max_size=3), ENTRIES, max_size=3), st.sampled_from([0, 8, 9]))
def test_no_header_gives_anything_but_tensors_or_the_one_error(tmp_path_factory, header, room):
    path = tmp_path_factory.mktemp("header") / "x.safetensors"
    path.write_bytes(made(header, bytes(room)))
    with path.open("rb") as file, suppress(InvalidDocument):
        for tensor in read_tensors(file).values():
            assert tensor.sum() == 0


def filled(start, unit, end):
    """A header of the largest size, made of one unit again and again."""
    return start + unit * ((LARGEST_HEADER - len(start) - len(end)) // len(unit)) + end


def entries(value):
    """A header of the largest size, made of as many keys as it holds."""
    count = (LARGEST_HEADER - 2) // (len(value) + 9)
    return b"{" + b",".join(b'"%05x":%s' % (index, value) for index in range(count)) + b"}"


DEEP = b"[" * 37 + b"]" * 37 + b","
BOMBS = {
    # A mark that is cut off and a letter beyond 16 bits: two copies of the text, four bytes a letter.
    "deep lists, wide text": filled('\ufeff{"\U0001f600":['.encode(), DEEP, b"0]}"),
    "lists too deep": filled(b'{"a":[', b"[" * 300 + b"]" * 300 + b",", b"0]}"),
    "keys": entries(b"[]"),
    "tensors": entries(json.dumps(EMPTY, separators=(",", ":")).encode()),
    "one string": filled(b'{"a":"', b"\\ud83d\\ude00", b'"}'),
    "one shape": filled(b'{"a":{"dtype":"U8","data_offsets":[0,0],"shape":[', b"1,", b"1]}}"),
}


def test_headers_that_blow_up_stay_under_half_a_gigabyte(tmp_path):
    for name, header in BOMBS.items():
        assert LARGEST_HEADER - 700 < len(header) <= LARGEST_HEADER
        (tmp_path / name).write_bytes(made(header))
    script = (
        "import pathlib, sys, time; from veraretouch.zoo.bundles.tensors import read_tensors\n"
        "from veraretouch.core.errors import InvalidDocument\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    began = time.process_time()\n"
        "    try: assert len(read_tensors(path.open('rb'))) > 20_000\n"
        "    except InvalidDocument: pass\n"
        "    assert time.process_time() - began < 5, path\n"
    )
    assert peak_memory(script, tmp_path) < 5 * 10**8
