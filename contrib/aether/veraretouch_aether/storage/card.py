"""The dataset's card: front matter as the Hugging Face Hub reads it, and what a reader has to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


def card(document: Mapping[str, Any]) -> str:
    """README.md of a dataset, from its dataset.json."""
    counts, photos = document["counts"], document["photos"]
    total = sum(counts.values())
    licences = Counter(photo["licence"] or "not stated" for photo in photos)
    files = "\n".join(f"  - split: {split}\n    path: {split}-*.tar" for split, count in counts.items() if count)
    rows = "\n".join(f"| {licence} | {count} |" for licence, count in sorted(licences.items()))
    made = document["made_with"]
    size = f"n{'<1K' if total < 1000 else '>1K'}"
    return f"""---
license: other
license_name: by-photo
task_categories:
- image-to-image
tags:
- photo-retouching
- webdataset
size_categories:
- {size}
configs:
- config_name: default
  data_files:
{files}
---

# Retouching examples

{total} examples from {len(photos)} photos: {", ".join(f"{count} {split}" for split, count in counts.items())}. Made by
veraretouch-aether {made["veraretouch-aether"]} with seed {document["seed"]};
`dataset.json` holds every distribution, photo and shard.

Each example has `input` (what a planner sees), `target` (what it should become) and `json` (request, spoiling,
edits, reasoning). Splits are by source photo; photos that are alike share one.

```python
import webdataset
for example in webdataset.WebDataset("train-000000.tar", shardshuffle=False).decode("rgb8"):
    ...
```

## Licences of the photos

An example is a derived work of its photo. Each photo's source and licence is in `dataset.json`.

| licence | photos |
|---|---|
{rows}
"""
