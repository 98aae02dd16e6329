"""`tiny` in five folds of photos: each photo is judged by a network that has seen neither it nor its twins.

    python tests/benchmarks/retouching/tiny_folds.py --photos DIR --out DIR [--fold N] [--variant full]

Variants are ablations: the same recipe with one thing changed. `tiny_report.py` judges what this trains.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from veraretouch.core.contract.schema import Schema
from veraretouch.planners.tiny.latents import REPAIRS, assemble, own_schema, repair_size
from veraretouch.planners.tiny.network import Shape
from veraretouch.planners.training.loop import TrainingSettings, train
from veraretouch.planners.training.tiny_examples import ExampleRecipe, Examples, grids_of, of_photos, photos_of
from veraretouch.planners.training.tiny_task import TinyTask

FOLDS = 5
TWINS = 10  # bits of 64 in which the difference hashes of twins may differ
RECIPE = ExampleRecipe(copies=16)
SETTINGS = TrainingSettings(steps=800, save_every=200)


@dataclass(frozen=True)
class Variant:
    """One change of the recipe: what is left out of the network, the share of the photos,
    the share of unspoilt examples.
    """

    about: str
    cnn: bool = True
    statistics: bool = True
    photos: float = 1.0
    clean: float = RECIPE.clean


VARIANTS = {
    "full": Variant("as shipped"),
    "no-cnn": Variant("statistics alone", cnn=False),
    "no-statistics": Variant("CNN alone", statistics=False),
    "half": Variant("half of the photos", photos=0.5),
    "eighth": Variant("an eighth of the photos", photos=0.125),
    "clean-0.1": Variant("unspoilt share 0.1", clean=0.1),
    "clean-0.6": Variant("unspoilt share 0.6", clean=0.6),
}


def folds_of(grids: Tensor, names: list[str]) -> Tensor:
    """The fold of each photo; twins share one, whoever else is there."""
    hashes = _difference_hashes(grids)
    leader = list(range(len(names)))
    for index in range(len(names)):
        apart = (hashes[:index] != hashes[index]).sum(dim=1)
        for twin in (apart <= TWINS).nonzero().flatten().tolist():
            old, new = leader[index], leader[twin]
            leader = [new if found == old else found for found in leader]
    return torch.tensor([digest_of(names[found]) % FOLDS for found in leader])


def _difference_hashes(grids: Tensor) -> Tensor:
    grey = nn.functional.adaptive_avg_pool2d(grids.float().mean(dim=1, keepdim=True), (8, 9))[:, 0]
    return (grey[:, :, 1:] > grey[:, :, :-1]).flatten(1)


def digest_of(name: str) -> int:
    """48 bits that depend on a photo's name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "little")


def task_of(grids: Tensor, folds: Tensor, fold: int, variant: Variant, out: Path) -> tuple[TinyTask, Examples]:
    """What a fold trains on, and unstyled examples of the photos that it holds out."""
    schema = own_schema()
    ids = (folds != fold).nonzero().flatten()
    kept = torch.randperm(len(ids), generator=torch.Generator().manual_seed(fold))[: round(variant.photos * len(ids))]
    ids = ids[kept.sort().values]
    # As many examples whatever the number of photos: it is photos that are fewer, not steps or spoilings.
    recipe = replace(RECIPE, clean=variant.clean, copies=round(RECIPE.copies / variant.photos))
    examples = _kept(out, ids, recipe, schema, grids)
    away = (folds == fold).nonzero().flatten()
    held = of_photos(grids[away], schema, ExampleRecipe(copies=2, clean=0.3, styled=0.0, seed=1), photo=away)
    return TinyTask.fresh(examples, schema, shape=shape_of(schema, variant)), held


def shape_of(schema: Schema, variant: Variant) -> Shape:
    """The network of a variant."""
    shape = Shape(repair_size(schema, REPAIRS), schema.size, statistics=variant.statistics)
    return shape if variant.cnn else replace(shape, channels=())


def _kept(out: Path, ids: Tensor, recipe: ExampleRecipe, schema: Schema, grids: Tensor) -> Examples:
    """The examples of some photos; those of all photos are made once, since a photo's do not depend on the others."""
    if recipe.copies != RECIPE.copies:
        return of_photos(grids[ids], schema, recipe, photo=ids)
    path = out / f"examples-{recipe.clean}.safetensors"
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        of_photos(grids, schema, recipe).save(path)
    every = Examples.load(path)
    return every.rows(torch.isin(every.photo, ids).nonzero().flatten())


def figures_of(task: TinyTask, held: Examples, network: nn.Module) -> Mapping[str, float]:
    """PSNR of held-out examples, spoilt ones before and after,
    and the least PSNR that unspoilt ones keep on average.
    """
    with torch.no_grad():
        raw = network(held.statistics, held.picture.float() / 255, held.wishes)
        done = task.renderer(held.before.float() / 255, assemble(task.schema, task.repairs, raw, held.wishes))
    wanted, before = held.after.float() / 255, held.before.float() / 255
    spoilt = (before != wanted).flatten(1).any(dim=1)
    after, nothing = (_psnr(picture, wanted) for picture in (done, before))
    return {
        "psnr": float(after[spoilt].mean()),
        "gain": float((after - nothing)[spoilt].mean()),
        "unspoilt": float(after[~spoilt].mean()),
    }


def _psnr(picture: Tensor, wanted: Tensor) -> Tensor:
    return -10 * torch.log10((picture - wanted).square().flatten(1).mean(dim=1).clamp(min=1e-6))


def main() -> None:
    """Train one fold of one variant, or all folds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int)
    parser.add_argument("--variant", default="full", choices=VARIANTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    paths = [path for folder in given.photos for path in photos_of(folder)]
    grids = grids_of(paths)
    folds = folds_of(grids, [path.stem for path in paths])
    for fold in range(FOLDS) if given.fold is None else [given.fold]:
        task, held = task_of(grids, folds, fold, VARIANTS[given.variant], given.out)
        out = given.out / f"{given.variant}-{fold}"
        average = train(
            task,
            SETTINGS,
            out,
            device="cpu",
            judge=lambda network, task=task, held=held: figures_of(task, held, network),
        )
        from safetensors.torch import save_file

        save_file(average, out / "weights.safetensors")
        print(given.variant, fold, (out / "log.jsonl").read_text().splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
