"""The dataset's card: front matter as the Hugging Face Hub reads it, and what a reader has to know."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from .parquet import FEATURES, FOLDER

# The Hub's categories: below so many examples.
_SIZES: Final = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
)
_LARGEST: Final = "n>1B"

# Licences that the Hub knows by the SPDX identifier in small letters.
_LICENCES: Final = re.compile(
    r"apache-2\.0|mit|cc0-1\.0|cc-by(-nc)?(-nd|-sa)?-(2\.0|2\.5|3\.0|4\.0)|l?gpl-[23]\.0|lgpl-2\.1"
)


def card(document: Mapping[str, Any]) -> str:
    """README.md of a dataset, from its dataset.json."""
    counts, photos = document["counts"], document["photos"]
    licences = Counter(photo["licence"] or "not stated" for photo in photos)
    rows = "\n".join(f"| {licence} | {count} |" for licence, count in sorted(licences.items()))
    made = document["made_with"]
    # JSON is YAML: no name can break out of its quotes.
    front = "\n".join(f"{key}: {json.dumps(value)}" for key, value in _front(document, list(licences)).items())
    return f"""---
{front}
---

# Retouching examples

{sum(counts.values())} examples from {len(photos)} photos: {", ".join(f"{n} {split}" for split, n in counts.items())}.
Made by veraretouch-aether {made["veraretouch-aether"]} with seed {document["seed"]};
`dataset.json` holds every distribution, photo and shard.

Each example has a picture that a planner sees, one that it should become, and request, spoiling, edits and reasoning.
Splits are by source photo; photos that are alike share one.

{_how_to_read(document)}
## Licences of the photos

An example is a derived work of its photo. Each photo's source and licence is in `dataset.json`.

| licence | photos |
|---|---|
{rows}
"""


def _front(document: Mapping[str, Any], licences: Sequence[str]) -> dict[str, Any]:
    counts: Mapping[str, int] = document["counts"]
    parquet = document.get("parquet")
    total = sum(counts.values())
    only = licences[0].lower() if len(licences) == 1 else ""
    known = bool(_LICENCES.fullmatch(only))
    place = f"{FOLDER}/{{}}-*.parquet" if parquet else "{}-*.tar"
    files = [{"split": split, "path": place.format(split)} for split, count in counts.items() if count]
    front = {
        "license": only if known else "other",
        **({} if known else {"license_name": "by-photo"}),
        "task_categories": ["image-to-image"],
        "tags": ["photo-retouching", "webdataset"],
        "size_categories": [next((name for below, name in _SIZES if total < below), _LARGEST)],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return front | ({"dataset_info": _info(parquet, counts)} if parquet else {})


def _info(parquet: Sequence[Mapping[str, Any]], order: Iterable[str]) -> dict[str, Any]:
    """What the Parquet files hold, in the form of `datasets`' DatasetInfo in YAML."""
    splits = [
        {
            "name": split,
            "num_bytes": sum(made["uncompressed"] for made in of_split),
            "num_examples": sum(made["examples"] for made in of_split),
        }
        for split in order
        if (of_split := [made for made in parquet if made["file"].startswith(f"{FOLDER}/{split}-")])
    ]
    return {
        "features": [{"name": name, "dtype": about.get("dtype", "image")} for name, about in FEATURES.items()],
        "splits": splits,
        "download_size": sum(made["bytes"] for made in parquet),
        "dataset_size": sum(made["uncompressed"] for made in parquet),
    }


def _how_to_read(document: Mapping[str, Any]) -> str:
    archives = """```python
import webdataset
for example in webdataset.WebDataset("train-000000.tar", shardshuffle=False).decode("rgb8"):
    ...
```
"""
    if "parquet" not in document:
        return archives
    return f"""In the Parquet files of `{FOLDER}` an example is a row: `before` and `after` are pictures; `params`,
`spoiling`, `edits`, `groups` and `reasoning` are JSON.

```python
from datasets import load_dataset
example = load_dataset("OWNER/REPOSITORY", split="train")[0]
```

The same examples as archives for training, with `input`, `target` and `json`:

{archives}"""
