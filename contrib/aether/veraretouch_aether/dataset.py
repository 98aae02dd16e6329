"""Build a dataset: prepare the photos, plan the shards, make those that are missing, write what they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from veraretouch import registry
from veraretouch.core.cli.batch.inputs import expand
from veraretouch.core.errors import VeraRetouchError
from veraretouch.planners.rules.planner import OPS as RULE_OPS

from .examples.asks import read_presets
from .examples.draw import generator
from .examples.example import make_example
from .examples.vlm import UnusableReasoning, Writer
from .photos.sources import Source, census, prepare, prepared, read_facts
from .run import HERE, Runner
from .storage.folder import SPLITS, claim, enter, finish, pick_up
from .storage.parquet import as_parquet
from .storage.shards import members, write_shard
from .transfer import transfers_for

PER_SHARD = 250


class NothingToBuild(VeraRetouchError):
    """No photo is left of those that were given."""


def build(
    photos: Sequence[str | Path],
    out: str | Path,
    *,
    per_photo: int = 10,
    size: int = 512,
    seed: int = 0,
    recipe: str | Path | None = None,
    presets: str | Path | None = None,
    pairs: str | Path | None = None,
    pair_planner: str = "fit",
    lossless: bool = False,
    parquet: bool = False,
    writer: Writer | None = None,
    per_shard: int = PER_SHARD,
    run: Runner = HERE,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Build a dataset of `per_photo` examples a photo in the folder `out`, or go on with one that was cut off.

    Args:
        photos: files and folders; a folder's ``photos.csv`` gives source and licence of its files.
        size: long side in pixels; recipe: a JSON file whose sections take the place of the package's own.
        presets: a folder of Lightroom presets that style prompts may ask for.
        pairs: a folder of experts' pairs; the spoilings are then an expert's work undone.
        parquet: also write each shard as a Parquet file, see `storage.parquet`.
        writer: who writes the reasoning, the template where None; run: who does the work, such as `processes(2)`.

    Returns:
        The document of dataset.json.

    Raises:
        NothingToBuild, DifferentBuild, UnreadablePhoto, MissingExtra
    """
    folder = Path(out)
    workshop = enter(folder, parquet=parquet)
    wanted = _recipe(recipe)
    prepared_in = workshop / f"photos-{size}"
    prepared_in.mkdir(exist_ok=True)
    given = [Path(photo) for photo in photos]
    jobs = [
        {"path": str(s.path), "name": _name(s.path, s.folder), "size": size, "folder": str(prepared_in)}
        for s in expand(given, recursive=True, leave_out=folder)
    ]
    rows = sorted(run(prepare, jobs), key=lambda row: row["name"])
    sources, skipped = census(rows, read_facts([p for p in given if p.is_dir()]), wanted["split"], seed)
    for left_out in skipped:
        say(f"skipped {left_out['file']}: {left_out['reason']}")
    if not sources:
        raise NothingToBuild(f"none of {len(jobs)} files can be used", cure="The lines above say why.")
    transfers: dict[str, list[dict[str, Any]]] = {}
    solved: list[dict[str, Any]] = []
    if pairs is not None:
        pictures = {source.id: prepared(prepared_in, source.sha256) for source in sources}
        transfers, solved = transfers_for(pictures, pairs, workshop / "pairs", planner=pair_planner, run=run)
        for row in solved:
            if "reason" in row:
                say(f"pair {row['name']} gives nothing: {row['reason']}")
    looks, refused = read_presets(presets) if presets is not None else ([], [])
    for reason in refused:
        say(f"preset left out: {reason}")
    request = {
        "seed": seed,
        "size": size,
        "per_photo": per_photo,
        "per_shard": per_shard,
        "lossless": lossless,
        "model": None if writer is None else writer.model,
        "recipe": wanted,
        "presets": looks,
        "transfers": solved,
        "photos": [source.document() for source in sources],
    }
    claim(folder, request)
    shards = _plan_shards(sources, per_photo, per_shard, seed)
    work = partial(
        make_shard,
        folder=str(folder),
        prepared_in=str(prepared_in),
        recipe=wanted,
        seed=seed,
        lossless=lossless,
        writer=writer,
        presets=looks,
        transfers=transfers,
    )
    missing, done = pick_up(folder, shards)
    failures: list[str] = []
    for made in run(work, missing):
        failures += made.pop("failures")
        done[made["file"]] = made
        say(f"{made['file']}: {made['examples']} examples ({len(done)} of {len(shards)} shards)")
    if failures:
        say(f"{len(failures)} examples have the template's words, since the model gave none: {failures[0]}")
    made_with = {name: request[name] for name in ("size", "per_photo", "lossless", "model", "presets", "transfers")}
    return finish(
        folder,
        seed=seed,
        recipe=wanted,
        sources=sources,
        skipped=skipped,
        shards=[done[shard["file"]] for shard in shards],
        parquet=as_parquet(folder, shards, run) if parquet else None,
        made_with=made_with | {"ops": {id: registry.ops.load(id).version for id in _ops_of(request)}},
    )


def make_shard(
    job: Mapping[str, Any],
    *,
    folder: str,
    prepared_in: str,
    recipe: Mapping[str, Any],
    seed: int,
    lossless: bool,
    writer: Writer | None,
    presets: Sequence[Mapping[str, Any]],
    transfers: Mapping[str, Any],
) -> dict[str, Any]:
    """Make one shard: `file`, and `examples` as [photo's id, SHA-256, split, number]."""
    failures: list[str] = []

    def examples() -> Any:
        for id, sha256, split, number in job["examples"]:
            pixels = prepared(prepared_in, sha256)
            photo = {"id": id, "split": split}
            document, before, after = make_example(
                photo,
                number,
                pixels,
                recipe=recipe,
                seed=seed,
                transfers=transfers.get(id, ()),
                presets=presets,
            )
            made = members(document, before, after, lossless=lossless)
            if writer is not None:
                made = _written(writer, document, made, lossless, failures)
            yield made

    return write_shard(Path(folder) / job["file"], examples()) | {"failures": failures}


def _written(
    writer: Writer,
    document: dict[str, Any],
    made: dict[str, bytes | str],
    lossless: bool,
    failures: list[str],
) -> dict[str, bytes | str]:
    kind = "png" if lossless else "jpg"
    before, after = made[f"input.{kind}"], made[f"target.{kind}"]
    assert isinstance(before, bytes)
    assert isinstance(after, bytes)
    try:
        said = writer.write(document, before, after, kind="png" if lossless else "jpeg")
    except UnusableReasoning as error:
        failures.append(str(error))
        return made
    document = document | said | {"written_by": writer.model}
    return made | {"json": json.dumps(document, ensure_ascii=False, allow_nan=False).encode()}


def _recipe(path: str | Path | None) -> dict[str, Any]:
    """The package's recipe, with those of its sections that a file has in the place of its own."""
    recipe: dict[str, Any] = json.loads(files("veraretouch_aether").joinpath("data", "recipe.json").read_text("utf-8"))
    return recipe if path is None else recipe | json.loads(Path(path).read_text("utf-8"))


def _name(path: Path, folder: Path | None) -> str:
    return path.relative_to(folder).as_posix() if folder else path.name


def _plan_shards(sources: Sequence[Source], per_photo: int, per_shard: int, seed: int) -> list[dict[str, Any]]:
    """The shards of each split with their examples in an order that the seed decides."""
    shards = []
    for split in SPLITS:
        examples = [
            [source.id, source.sha256, split, number]
            for source in sources
            if source.split == split
            for number in range(per_photo)
        ]
        order = generator(seed, "order", split).permutation(len(examples))
        for i, start in enumerate(range(0, len(examples), per_shard)):
            chosen = [examples[j] for j in order[start : start + per_shard]]
            shards.append({"file": f"{split}-{i:06d}.tar", "examples": chosen})
    return shards


def _ops_of(request: Mapping[str, Any]) -> list[str]:
    """The ops that presets, transfers and the recipe name, and those of the lexicon."""
    named = {op for preset in request["presets"] for op in preset["values"]}
    named |= {op for row in request["transfers"] for op in row.get("edits", {})}
    return sorted(named | {*request["recipe"]["param"]["ops"], *RULE_OPS, "color_matrix"})
