"""The undo test: spoil real photos in known ways, retouch them, and see whether they come nearer to the originals.

    python tests/benchmarks/retouching/undo.py [--photos DIR] [--planner rules] [--cases-per-photo N] [--json OUT]
    [--markdown OUT]

As a library: `cases` draws what `undo.json` describes, `spoil` makes one, `measure` judges a retoucher on all of them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from peers import PEERS
from PIL import Image
from skimage import color
from spoilings import ENGINES, Picture

import veraretouch as vr
from veraretouch.planners.imagemagick import imagemagick

HERE = Path(__file__).parent
PHOTOS = HERE.parents[1] / "data" / "photos"
DISTRIBUTION = HERE / "undo.json"

SAMPLE = 4000  # pixels a photo on which the difference is measured
FALL = 0.10  # a case counts if its mean error falls by this much
BARS = {"share": 0.60, "change": -0.15, "worst": 4.0, "unspoilt": 3.0}

Distribution = Mapping[str, Any]
Photos = Mapping[str, Picture]
Retouch = Callable[[Picture], Picture]


@dataclass(frozen=True)
class Fault:
    """One direction of one family, at one strength."""

    family: str
    direction: str
    strength: float
    variant: int  # 0 or 1: engines that know two ways to a fault choose by it

    def __str__(self) -> str:
        return f"{self.direction} {self.strength:.2f}"


@dataclass(frozen=True)
class Case:
    """A photo and how it is spoilt: one fault, or two of different families one after the other."""

    photo: str
    number: int
    engine: str
    faults: tuple[Fault, ...]

    @property
    def kind(self) -> str:
        """The direction of a single fault; "paired" for two."""
        return self.faults[0].direction if len(self.faults) == 1 else "paired"

    def __str__(self) -> str:
        return f"{self.photo} #{self.number}: {' + '.join(map(str, self.faults))} ({self.engine})"


@dataclass(frozen=True)
class Outcome:
    """Mean CIEDE2000 to the original before and after the retouch."""

    case: Case
    before: float
    after: float

    @property
    def undone(self) -> bool:
        return self.after <= (1 - FALL) * self.before

    @property
    def worsening(self) -> float:
        return self.after - self.before


@dataclass
class Verdict:
    """How one contestant did: every case, and how far it moved each unspoilt photo."""

    name: str
    outcomes: list[Outcome] = field(default_factory=list)
    moved: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def figures(self) -> dict[str, float]:
        """The four figures that have a bar."""
        return summary(self.outcomes) | {"unspoilt": float(np.mean(list(self.moved.values())))}

    @property
    def passed(self) -> dict[str, bool]:
        """Bar -> whether it holds."""
        figures = self.figures
        return {
            "share": figures["share"] >= BARS["share"],
            "change": figures["change"] <= BARS["change"],
            "worst": figures["worst"] <= BARS["worst"],
            "unspoilt": figures["unspoilt"] < BARS["unspoilt"],
        }

    def worst(self, count: int) -> list[Outcome]:
        return sorted(self.outcomes, key=lambda outcome: -outcome.worsening)[:count]


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Share of cases undone, change of the mean error over all, the worst worsening."""
    before = sum(outcome.before for outcome in outcomes)
    return {
        "share": float(np.mean([outcome.undone for outcome in outcomes])),
        "change": sum(outcome.after for outcome in outcomes) / before - 1,
        "worst": max(outcome.worsening for outcome in outcomes),
    }


def load_distribution(path: Path = DISTRIBUTION) -> dict[str, Any]:
    """The committed distribution; where ImageMagick is missing its share goes to the other strangers."""
    distribution: dict[str, Any] = json.loads(path.read_text())
    return distribution if imagemagick() else without_engine(distribution, "imagemagick")


def without_engine(distribution: Distribution, engine: str) -> dict[str, Any]:
    """The distribution with the share of one stranger spread evenly over the other strangers."""
    shares = dict(distribution["engines"])
    freed = shares.pop(engine)
    strangers = [name for name in shares if name != "veraretouch"]
    return {**distribution, "engines": shares | {name: shares[name] + freed / len(strangers) for name in strangers}}


def load_photos(folder: Path = PHOTOS) -> dict[str, Picture]:
    """Name -> picture, of every JPEG in a folder."""
    return {path.stem: np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.glob("*.jpg"))}


def cases(distribution: Distribution, photos: Photos | Sequence[str]) -> Iterator[Case]:
    """The cases of each photo; they depend on the seed and the photo's name, not on the other photos.

    Every other case is ours, so that half of the cases are: the strangers share the rest.
    """
    families = distribution["families"]
    strangers = {name: share for name, share in distribution["engines"].items() if name != "veraretouch"}
    odds = np.array(list(strangers.values())) / sum(strangers.values())
    for photo in photos:
        digest = hashlib.sha256(f"{distribution['seed']} {photo}".encode()).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
        start = int(rng.integers(2))
        for number in range(distribution["cases_per_photo"]):
            # All numbers are drawn for every case, so that one choice does not move the next.
            paired = rng.random() < distribution["paired"]
            chosen = rng.permutation(list(families))[:2]
            stranger = str(rng.choice(list(strangers), p=odds))
            faults = tuple(_fault(rng, name, families[name]) for name in chosen)
            ours = (number + start) % 2 == 0 and "veraretouch" in distribution["engines"]
            yield Case(photo, number, "veraretouch" if ours else stranger, faults if paired else faults[:1])


def _fault(rng: np.random.Generator, name: str, family: Mapping[str, Any]) -> Fault:
    direction = str(rng.choice(family["directions"]))
    return Fault(str(name), direction, float(rng.uniform(*family["strength"])), int(rng.integers(2)))


def spoil(rgb: Picture, case: Case) -> Picture:
    """The photo with the faults of the case, clamped and 8 bit after each."""
    for fault in case.faults:
        rgb = ENGINES[case.engine](rgb, fault.direction, fault.strength, fault.variant)
    return rgb


def difference(a: Picture, b: Picture) -> float:
    """Mean CIEDE2000 on a fixed sample of the pixels."""
    places = np.random.default_rng(a.size).choice(a.size // 3, size=min(SAMPLE, a.size // 3), replace=False)
    labs = [color.rgb2lab(picture.reshape(-1, 3)[places] / 255) for picture in (a, b)]
    return float(color.deltaE_ciede2000(*labs).mean())


def contestant(planner: str = "rules") -> Retouch:
    """The auto mode of a planner, as a map of pictures."""
    retoucher = vr.zoo.load(planner)
    return lambda rgb: np.asarray(retoucher(rgb).image)


def measure(
    distribution: Distribution, photos: Photos, contestants: Mapping[str, Retouch]
) -> tuple[list[Verdict], list[Case]]:
    """Judge all contestants on the same spoilt pictures.

    Returns:
        a verdict for each contestant, and the cases too faint to be judged (below `least_error`).
    """
    verdicts = [Verdict(name) for name in contestants]
    faint = []

    def retouched(verdict: Verdict, rgb: Picture) -> Picture:
        began = time.perf_counter()
        made = contestants[verdict.name](rgb)
        verdict.seconds += time.perf_counter() - began
        return made

    for name, original in photos.items():
        for verdict in verdicts:
            verdict.moved[name] = difference(original, retouched(verdict, original))
    for case in cases(distribution, photos):
        original = photos[case.photo]
        spoilt = spoil(original, case)
        before = difference(original, spoilt)
        if before < distribution["least_error"]:
            faint.append(case)
            continue
        for verdict in verdicts:
            verdict.outcomes.append(Outcome(case, before, difference(original, retouched(verdict, spoilt))))
    return verdicts, faint


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit code is 0 where the planner holds every bar and every peer fails one."""
    from undo_report import Record

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="a folder of JPEG files")
    parser.add_argument("--planner", default="rules", help="what zoo.load understands")
    parser.add_argument("--cases-per-photo", type=int, help="instead of the distribution's")
    parser.add_argument("--json", type=Path, help="write the record here")
    parser.add_argument("--markdown", type=Path, help="write the report here")
    given = parser.parse_args(arguments)
    distribution = load_distribution()
    if given.cases_per_photo:
        distribution["cases_per_photo"] = given.cases_per_photo
    contestants = {given.planner: contestant(given.planner), **PEERS}
    record = Record.of(distribution, load_photos(given.photos), contestants)
    print(record.markdown())
    record.write(given.json, given.markdown)
    return 0 if record.passed else 1


if __name__ == "__main__":
    # The report imports this module by its name: run that copy, not a second one.
    import undo

    sys.exit(undo.main())
