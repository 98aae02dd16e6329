"""Shards as Parquet files, as the Hugging Face Hub's viewer and `datasets` read them: a row an example, its two
pictures in columns of the feature Image.

The features stand in the schema's metadata under `huggingface`; a picture is a struct of bytes and path (Hugging Face
datasets, docs/source/image_dataset.mdx and features/image.py). Values of an example that differ in form from one to the
next are JSON in text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import MissingExtra
from veraretouch.core.photo import file_hash
from veraretouch.planners.training.data import examples_of

from ..run import Runner

if TYPE_CHECKING:
    import pyarrow

FOLDER: Final = "data"
ROWS: Final = 100
"""Rows of a row group, which is what the viewer reads at a time."""

_TEXT = {"dtype": "string", "_type": "Value"}
FEATURES: Final[Mapping[str, Mapping[str, Any]]] = {
    "key": _TEXT,
    "photo": _TEXT,
    "subset": _TEXT,
    "prompt": _TEXT,
    "before": {"_type": "Image"},
    "after": {"_type": "Image"},
    "content": _TEXT,
    "written_by": _TEXT,
    "params": _TEXT,
    "spoiling": _TEXT,
    "edits": _TEXT,
    "groups": _TEXT,
    "reasoning": _TEXT,
}
"""The columns with their features in the form of `datasets`."""

_JSON: Final = ("spoiling", "edits", "groups", "reasoning")


def demand_pyarrow() -> None:
    """Refuse before hours are spent on what could not be written.

    Raises:
        MissingExtra
    """
    if find_spec("pyarrow") is None:
        raise MissingExtra(
            "Parquet files need pyarrow, which is not installed", cure="pip install 'veraretouch-aether[parquet]'"
        )


def as_parquet(folder: Path, shards: Sequence[Mapping[str, Any]], run: Runner) -> list[dict[str, Any]]:
    """Write each shard of a dataset as a Parquet file, where that is missing, and say what they hold, by their names:
    `data/train-00000-of-00003.parquet`, as the Hub names them.
    """
    splits: dict[str, list[str]] = {}
    for shard in shards:
        splits.setdefault(shard["file"].partition("-")[0], []).append(shard["file"])
    jobs = [
        {"shard": file, "file": f"{FOLDER}/{split}-{i:05d}-of-{len(files):05d}.parquet"}
        for split, files in splits.items()
        for i, file in enumerate(files)
    ]
    (folder / FOLDER).mkdir(exist_ok=True)
    return sorted(run(partial(make_parquet, folder=str(folder)), jobs), key=lambda made: str(made["file"]))


def make_parquet(job: Mapping[str, str], *, folder: str) -> dict[str, Any]:
    """Write the examples of the shard `shard` to the Parquet file `file`, both within `folder`, where it is missing,
    and say what it holds.
    """
    import pyarrow
    import pyarrow.parquet

    path = Path(folder) / job["file"]
    if not path.exists():
        rows = [_row(about, files) for _, about, files in examples_of([Path(folder) / job["shard"]])]
        with new_file(path) as file:
            pyarrow.parquet.write_table(
                pyarrow.Table.from_pylist(rows, schema=_schema()),
                file,
                row_group_size=ROWS,
                # Pictures are compressed already. The Hub stores what two versions share once, where pages begin alike.
                compression={name: "none" if name in ("before", "after") else "snappy" for name in _leaves()},
                use_content_defined_chunking=True,
                write_page_index=True,
            )
    about = pyarrow.parquet.read_metadata(path)
    size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    facts = {"examples": about.num_rows, "bytes": path.stat().st_size, "uncompressed": size}
    return {"file": job["file"], **facts, "sha256": file_hash(path)}


def _row(about: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    kind = "png" if "input.png" in files else "jpg"
    pictures = {
        column: {"bytes": files[f"{part}.{kind}"], "path": f"{about['key']}.{part}.{kind}"}
        for column, part in (("before", "input"), ("after", "target"))
    }
    request = about["request"]
    row = {name: about[name] for name in ("key", "photo", "subset", "content", "written_by")}
    row |= {"prompt": request["prompt"], "params": _text(request["params"])}
    return row | {name: _text(about[name]) for name in _JSON} | pictures


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _schema() -> pyarrow.Schema:
    import pyarrow

    picture = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    columns = [(name, picture if about["_type"] == "Image" else pyarrow.string()) for name, about in FEATURES.items()]
    return pyarrow.schema(columns, metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})})


def _leaves() -> list[str]:
    """The columns as Parquet counts them: each part of a picture is one."""
    return [
        leaf
        for name, about in FEATURES.items()
        for leaf in ((f"{name}.bytes", f"{name}.path") if about["_type"] == "Image" else (name,))
    ]
