"""The report on `tiny`: held-out photos spoilt as committed, what each contestant makes of them, and the ablations.

    python tests/benchmarks/retouching/tiny_report.py --photos DIR... --runs DIR [--json OUT] [--markdown OUT]

`--runs` is what `tiny_folds.py` wrote. Photos are judged at 256 pixels; every contestant gets the same 8-bit pictures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe
from peers import PEERS
from PIL import Image
from safetensors.torch import load_file
from spoilings import Picture
from tiny_folds import FOLDS, RECIPE, SETTINGS, VARIANTS, digest_of, folds_of, shape_of

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.color.srgb import linear_to_srgb, srgb_to_linear
from veraretouch.planners.eval.data import eight_bit
from veraretouch.planners.eval.metrics import psnr
from veraretouch.planners.eval.peers import by_imagemagick
from veraretouch.planners.eval.statistics import interval
from veraretouch.planners.imagemagick import imagemagick
from veraretouch.planners.tiny.latents import own_schema
from veraretouch.planners.tiny.network import TinyNetwork
from veraretouch.planners.tiny.planner import Tiny
from veraretouch.planners.training.spoilings import distribution, draw, spoil
from veraretouch.planners.training.tiny_examples import grids_of, photos_of

CASES = 2
SIDE = 256
SAMPLE = 4000
BARS = {"gain": 2.0, "over the best peer": 1.0, "difference": -0.25, "unspoilt": 2.5}
Retouch = Callable[[Picture], Picture]


@dataclass
class Outcome:
    """One contestant, photo by photo: PSNR and CIEDE2000 of its cases, and how far it moved the unspoilt photo."""

    psnr: list[float] = field(default_factory=list)
    difference: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)


def seeds(name: str) -> list[tuple[int, ...]]:
    """The seeds of a photo's judged cases: of its name alone, and of another length than any that is trained on."""
    return [(distribution()["seed"], digest_of(name), case) for case in range(CASES)]


def judge(
    paths: list[Path], folds: torch.Tensor, tinies: Mapping[int, Retouch], peers: Mapping[str, Retouch]
) -> dict[str, Outcome]:
    """Every contestant on every photo; `tinies` has a network a fold, which has not seen it."""
    means = _channel_means(paths, folds)
    found: dict[str, Outcome] = {}
    for path, fold in zip(paths, folds.tolist(), strict=True):
        image = Image.open(path).convert("RGB")
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        good = np.asarray(image)
        rgb = torch.from_numpy(good.copy()).permute(2, 0, 1)[None].float() / 255
        spoilt = [spoil(rgb, draw([seed]))[0].permute(1, 2, 0).numpy() for seed in seeds(path.stem)]
        contestants = {"tiny": tinies[fold], "mean correction": _to_means(means[fold]), **peers}
        for name, retouch in contestants.items():
            outcome = found.setdefault(name, Outcome())
            done = [retouch(picture) for picture in spoilt]
            outcome.psnr.append(float(np.mean([psnr(picture, good) for picture in done])))
            outcome.difference.append(float(np.mean([difference(picture, good) for picture in done])))
            outcome.moved.append(difference(retouch(good), good))
    return found


def difference(a: Picture, b: Picture) -> float:
    """Mean CIEDE2000 on a fixed sample of the pixels."""
    places = np.random.default_rng(a.size).choice(a.size // 3, size=min(SAMPLE, a.size // 3), replace=False)
    pair = (torch.from_numpy(picture.reshape(-1, 3)[places].copy()).double() / 255 for picture in (a, b))
    return float(ciede2000(*pair).mean())


def _channel_means(paths: list[Path], folds: torch.Tensor) -> dict[int, torch.Tensor]:
    """The mean linear channels of the good photos that a fold trains on."""
    light = srgb_to_linear(grids_of(paths).float() / 255).mean(dim=(2, 3))
    return {fold: light[folds != fold].mean(dim=0) for fold in range(FOLDS)}


def _to_means(means: torch.Tensor) -> Retouch:
    """Bring each channel's mean light to that of the good training photos, by one gain a channel."""

    def retouch(picture: Picture) -> Picture:
        light = srgb_to_linear(torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255)
        gain = means / light.mean(dim=(2, 3)).clamp(min=1e-4)
        return eight_bit(linear_to_srgb((light * gain[:, :, None, None]).clamp(0, 1))[0].permute(1, 2, 0).numpy())

    return retouch


def contestants() -> dict[str, Retouch]:
    """The peers; those that are not installed are left out."""
    found: dict[str, Retouch] = dict(PEERS)
    if imagemagick():
        found["ImageMagick -auto-level -auto-gamma"] = by_imagemagick
    found["rules"] = _retoucher("rules")
    with suppress(ImportError):
        import veraretouch_ia3dlut as package  # contrib/ia3dlut, installed or on PYTHONPATH

        if "ia3dlut" not in vr.registry.planners.ids():
            vr.registry.planners.add(package.ImageAdaptiveLut)
        found["ia3dlut"] = _retoucher(str(Path(package.__file__).with_name("bundle")))
    return found


def _retoucher(planner: Any) -> Retouch:
    retoucher = vr.zoo.load(planner) if isinstance(planner, str) else vr.Retoucher(planner)
    return lambda picture: np.asarray(retoucher(picture).image)


def of_fold(runs: Path, fold: int, variant: str = "full") -> Tiny:
    """The planner that a fold's run made."""
    weights = load_file(runs / f"{variant}-{fold}" / "weights.safetensors")
    network = TinyNetwork(shape_of(own_schema(), VARIANTS[variant]))
    network.load_state_dict(weights)
    return Tiny(network)


def summary(found: Mapping[str, Outcome]) -> dict[str, Any]:
    """The figures of record: each contestant's means, tiny's gains with their intervals, and the bars."""
    rows = {
        name: {part: float(np.mean(getattr(outcome, part))) for part in ("psnr", "difference", "moved")}
        for name, outcome in found.items()
    }
    peers = {name: row["psnr"] for name, row in rows.items() if name != "tiny"}
    best = max(peers, key=lambda name: peers[name])
    tiny = np.array(found["tiny"].psnr)
    gain, over = (tiny - np.array(found[name].psnr) for name in ("doing nothing", best))
    fall = rows["tiny"]["difference"] / rows["doing nothing"]["difference"] - 1
    return {
        "contestants": rows,
        "best peer": best,
        "gain": {"mean": float(gain.mean()), "interval": interval(gain)},
        "over the best peer": {"mean": float(over.mean()), "interval": interval(over)},
        "difference": fall,
        "unspoilt": rows["tiny"]["moved"],
        "passed": {
            "gain": interval(gain)[0] >= BARS["gain"],
            "over the best peer": interval(over)[0] >= BARS["over the best peer"],
            "difference": fall <= BARS["difference"],
            "unspoilt": rows["tiny"]["moved"] < min(BARS["unspoilt"], rows["rules"]["moved"]),
        },
    }


def ablations(runs: Path, fold: int = 0) -> dict[str, dict[str, Any]]:
    """The last line of each variant's log, on the photos that one fold holds out."""
    ended = curves(runs)
    return {
        variant: {"about": change.about, **ended[f"{variant}-{fold}"][-1]}
        for variant, change in VARIANTS.items()
        if f"{variant}-{fold}" in ended
    }


def curves(runs: Path) -> dict[str, list[dict[str, float]]]:
    """The log of every run that went to its end: others cannot be compared."""
    logs = {log.parent.name: log.read_text().splitlines() for log in sorted(runs.glob("*/log.jsonl"))}
    found = {name: [json.loads(line) for line in lines] for name, lines in logs.items()}
    return {name: lines for name, lines in found.items() if lines and lines[-1]["step"] == SETTINGS.steps}


SHOWN = (
    "kodak-14", "kodak-22", "kodak-24", "kodak-16", "skimage-rocket", "buddiesofbudgie-high-trestle-trail", "kodak-07",
)  # fmt: skip


def sheet(paths: list[Path], folds: torch.Tensor, tinies: Mapping[int, Retouch], *, width: int = 230) -> Image.Image:
    """Free photos of several kinds, each by the network that has not seen it: spoilt, original, tiny, rules,
    and the original by tiny.
    """
    rules, rows = _retoucher("rules"), []
    for path, fold in zip(paths, folds.tolist(), strict=True):
        if path.stem.replace("scikit-", "skimage-") not in SHOWN:
            continue
        image = Image.open(path).convert("RGB")
        image.thumbnail((width, width))
        good = np.asarray(image)
        rgb = torch.from_numpy(good.copy()).permute(2, 0, 1)[None].float() / 255
        spoilt = spoil(rgb, draw([seeds(path.stem)[0]]))[0].permute(1, 2, 0).numpy()
        shown = (spoilt, good, tinies[fold](spoilt), rules(spoilt), tinies[fold](good))
        rows.append(np.concatenate([_padded(picture, width) for picture in shown], axis=1))
    return Image.fromarray(np.concatenate(rows))


def _padded(picture: Picture, width: int) -> Picture:
    spare = width - picture.shape[1]
    return np.pad(picture, ((1, 1), (spare // 2 + 1, spare - spare // 2 + 1), (0, 0)), constant_values=128)


def markdown(report: Mapping[str, Any]) -> str:
    """The report as a page."""
    gain, over = report["gain"], report["over the best peer"]
    held = {True: "pass", False: "FAIL"}
    lines = [
        "# `tiny`, judged on photos that it has not seen",
        "",
        (
            f"{report['photos']} photos in {FOLDS} folds (twins share one), each spoilt {CASES} times by the"
            " distribution of `planners/training/spoilings.json`, which was fixed before anything was trained. A photo"
            " is judged by the network of the fold that has not seen it, at 256 pixels."
        ),
        (
            f"Each fold: {SETTINGS.steps} steps of {SETTINGS.batch} examples, {RECIPE.copies} examples a photo, on one"
            " core. The photos: everyday ones that may be trained on and not passed on, and free ones. One number was"
            " chosen by looking at these folds: how far small repairs are held back (`DOUBT` in"
            " planners/tiny/latents.py)."
        ),
        "",
        "Written by `python tests/benchmarks/retouching/tiny_report.py` from the runs of `tiny_folds.py`.",
        "",
        "## Bars",
        "",
        "| bar | wanted | measured |  |",
        "|---|---|---|---|",
        (
            f"| gain over doing nothing, lower bound of the 95 % interval over photos | at least {BARS['gain']} dB |"
            f" {gain['mean']:.2f} dB ({gain['interval'][0]:.2f} to {gain['interval'][1]:.2f}) |"
            f" {held[report['passed']['gain']]} |"
        ),
        (
            f"| gain over the best peer ({report['best peer']}), likewise | at least {BARS['over the best peer']} dB |"
            f" {over['mean']:.2f} dB ({over['interval'][0]:.2f} to {over['interval'][1]:.2f}) |"
            f" {held[report['passed']['over the best peer']]} |"
        ),
        (
            f"| mean CIEDE2000 against doing nothing | {BARS['difference']:.0%} | {report['difference']:.1%} |"
            f" {held[report['passed']['difference']]} |"
        ),
        (
            f"| unspoilt photos moved, mean CIEDE2000 | below {BARS['unspoilt']} and less than by `rules` |"
            f" {report['unspoilt']:.2f} | {held[report['passed']['unspoilt']]} |"
        ),
        "",
        "## Beside its peers",
        "",
        "| | PSNR, dB | CIEDE2000 | unspoilt photos moved |",
        "|---|---|---|---|",
        *(
            f"| {name} | {row['psnr']:.2f} | {row['difference']:.2f} | {row['moved']:.2f} |"
            for name, row in sorted(report["contestants"].items(), key=lambda item: -item[1]["psnr"])
        ),
        "",
        "Each row: spoilt, the original, by `tiny`, by `rules`, and the original by `tiny`.",
        "",
        "![Photos that were spoilt, and what `tiny` and `rules` make of them](tiny.jpg)",
        "",
        "## Ablations",
        "",
        "One fold, quick figures on a grid of pixels: gain of spoilt photos, and the PSNR that unspoilt ones keep.",
        "",
        "| | gain, dB | unspoilt kept, dB | last loss |",
        "|---|---|---|---|",
        *(
            f"| {row['about']} | {row['gain']:.2f} | {row['unspoilt']:.1f} | {row['loss']:.3f} |"
            for row in report["ablations"].values()
        ),
        "",
        "## Learning curves",
        "",
        "Gain on held-out photos in dB, by step.",
        "",
        "| run | " + " | ".join(str(line["step"]) for line in next(iter(report["curves"].values()))) + " |",
        "|---|" + "---|" * len(next(iter(report["curves"].values()))),
        *(
            f"| {name} | " + " | ".join(f"{line['gain']:.2f}" for line in lines) + " |"
            for name, lines in report["curves"].items()
        ),
        "",
        "## Machine",
        "",
        "|  |  |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in report["machine"].items()),
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Judge, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, nargs="+")
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--sheet", type=Path, help="a JPEG of some free photos")
    parser.add_argument("--first", type=int, help="only so many photos, evenly spread: a quick look")
    given = parser.parse_args()
    began = time.perf_counter()
    paths = [path for folder in given.photos for path in photos_of(folder)]
    folds = folds_of(grids_of(paths), [path.stem for path in paths])
    if given.first:
        chosen = range(0, len(paths), max(1, len(paths) // given.first))
        paths, folds = [paths[i] for i in chosen], folds[list(chosen)]
    tinies = {fold: _retoucher(of_fold(given.runs, fold)) for fold in range(FOLDS)}
    report: dict[str, Any] = {"photos": len(paths), **summary(judge(paths, folds, tinies, contestants()))}
    if given.sheet:
        sheet(paths, folds, tinies).save(given.sheet, quality=88)
    report |= {"ablations": ablations(given.runs), "curves": curves(given.runs), "machine": describe()}
    report["seconds"] = round(time.perf_counter() - began)
    if given.json:
        given.json.write_text(json.dumps(report, indent=1) + "\n")
    text = markdown(report)
    if given.markdown:
        given.markdown.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
