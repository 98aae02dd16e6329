"""The benchmark of `fit` and `explain`: the report of record is docs/benchmarks/fit.md with fit.json beside it.

Photos are not in the repository: docs/guide/fit.md says where free ones are. VERARETOUCH_FIT_PHOTOS names a folder of
photos of a megapixel and more, VERARETOUCH_FIT_PAIRS one of pairs from another program: NAME-before.jpg and
NAME-after.jpg.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from distilled import LOOKS, distilled
from fit_cases import CASES, Case, photos_in, run_case
from fit_edits import moved
from scenes import samples
from speed_report import Figures

import veraretouch as vr
from veraretouch.core.photo import open_photo

RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    made = Figures(
        "Sliders from pictures",
        "speed/test_fit.py",
        "Errors are mean CIEDE2000 over a photo, against the unencoded truth; only the after was a JPEG file, quality"
        " 90, 4:2:0. Seconds are the processor's, of `vr.fit` on decoded photos, report and all: the clock of a machine"
        " that does nothing else shows no more.",
    )
    yield made
    made.write(RECORDS / "fit.json", RECORDS / "fit.md")


def folder(name: str) -> Path:
    given = os.environ.get(name)
    if not given:
        pytest.skip(f"{name} names no folder")
    return Path(given)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    paths = photos_in(folder("VERARETOUCH_FIT_PHOTOS"))
    assert len(paths) >= 15, "too few photos of a megapixel and more"
    made = []
    for index in range(CASES):
        made.append(run_case(index, paths))
        print(asdict(made[-1]), flush=True)
    return made


def test_random_edits_are_recovered(figures: Figures, cases: list[Case]) -> None:
    own = [case for case in cases if case.maker == "veraretouch"]
    others = [case for case in cases if case.maker != "veraretouch"]
    for who, some in (("our own ops", own), ("strangers", others)):
        errors = [case.error for case in some]
        figures.table(
            f"Edits by {who}",
            {
                "edits": len(some),
                "moved by, median": median(c.moved for c in some),
                "the JPEG file itself, median": median(c.floor for c in some),
                "error, median": median(errors),
                "error, 90th percentile": float(np.percentile(errors, 90)),
                "error, worst": max(errors),
                "fitted on the left half, scored on the right, median": median(c.other_half for c in some),
                "the same, worst": max(c.other_half for c in some),
            },
        )
    figures.bar("edits: our own, median", median(c.error for c in own), at_most=0.8)
    figures.bar("edits: our own, 90th percentile", np.percentile([c.error for c in own], 90), at_most=1.5)
    figures.bar("edits: strangers', median", median(c.error for c in others), at_most=1.5)
    figures.bar("edits: processor seconds, median", median(c.seconds for c in cases), at_most=4.0)
    rest, near = sum(c.at_rest for c in own), sum(c.near_rest for c in own)
    figures.table("Sliders at rest", {"identifiable": rest, "within 5 % of their range": near})
    figures.bar("edits: identifiable sliders at rest that end near it", near / max(rest, 1), at_least=0.8)
    retouched = [c.retouched for c in cases if c.retouched is not None]
    figures.table("5 % retouched by hand, 2 px cropped", {"edits": len(retouched), "error, worst": max(retouched)})
    figures.bar("edits: retouched and cropped, median", median(retouched), at_most=1.2)
    figures.judge("edits")


def test_lightrooms_pairs_are_explained(figures: Figures) -> None:
    befores = sorted(folder("VERARETOUCH_FIT_PAIRS").glob("*-before.jpg"))
    assert befores, "no NAME-before.jpg"
    errors = {}
    for path in befores:
        after = path.with_name(path.name.replace("-before", "-after"))
        found = vr.fit(path, after)
        # On every pixel: the report's own figures are of pictures reduced to half a megapixel, with less noise.
        wanted = open_photo(after).working()
        made = vr.Renderer().render(path, found.plan).working()
        name = path.name.removesuffix("-before.jpg")
        errors[name] = moved(made, wanted)
        nothing = moved(open_photo(path).working(), wanted)
        counts = {"doing nothing": nothing, "fit": errors[name], "sliders": len(found.report.moves)}
        figures.table(f"Lightroom: {name}", counts)
    figures.bar("lightroom: median", median(errors.values()), at_most=2.0)
    figures.bar("lightroom: worst", max(errors.values()), at_most=2.5)
    figures.judge("lightroom")


def test_the_neural_ops_looks_become_sliders(figures: Figures) -> None:
    op, looks = distilled()
    renderer = vr.Renderer([op])
    photos = [vr.Photo(picture) for picture in list(samples().values())[:4]]
    errors = []
    for look in LOOKS:
        found = vr.explain(looks[look], renderer=renderer)
        seen = []
        for photo in photos:
            wanted = np.asarray(renderer.render(photo.working(), looks[look]))
            made = np.asarray(vr.Renderer().render(photo.working(), found.plan))
            seen.append((moved(photo.working(), wanted), moved(made, wanted)))
        away, left = (median(column) for column in zip(*seen, strict=True))
        errors.append(found.report.error_after)
        figures.table(
            f"Neural look: {look}",
            {
                "from identity, on colours in general": found.report.error_before,
                "left, on colours in general": found.report.error_after,
                "from identity, on four photos": away,
                "left, on four photos": left,
                "sliders": len(found.report.moves),
            },
        )
        figures.bar(f"explain: {look}, from identity", found.report.error_before, at_least=5.0)
    figures.bar("explain: median", median(errors), at_most=2.0)
    figures.judge("explain")
