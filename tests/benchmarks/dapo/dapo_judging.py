"""How an arm of the experiment of DAPO is judged: a plan for each photo as the planner is used, by the head that its
bundle plans by, and what the pictures of a grid of 64 x 64 pixels are like.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from veraretouch import Photo, Renderer, Request, registry
from veraretouch.core.errors import UnusableAnswer
from veraretouch.core.photo import as_photo, open_photo
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.planners.eval.metrics import difference, psnr
from veraretouch.planners.rewards.format import is_well_formed
from veraretouch.planners.training.data import read_pixels
from veraretouch.planners.training.vera.examples import Example
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.writing.sampling import Forced, Sampled, Sampler, Sampling

ROOT = Path(__file__).resolve().parents[3]
BATCH, SIDE = 32, 240
FIGURES = ("psnr", "style", "apart", "moved", "appeal", "valid", "tokens")


def judge(planner: Vera | None, cases: Sequence[Example]) -> tuple[dict[str, list[Any]], list[str]]:
    """Figures of each case, in their order, and the answers. In auto mode, of a spoilt photo `psnr` in dB and `apart`
    (CIEDE2000) to its target, of an unspoilt one `moved` (CIEDE2000), of each `appeal` and `tokens`; of a style that is
    asked for `style`, in dB; of each case `valid`. Without a planner nothing is done to the photos.
    """
    scorer = registry.scorers.load("dapo.appeal")()
    renderer = Renderer(planner.ops if planner else None)
    answers: list[str] = []
    found: dict[str, list[Any]] = {name: [] for name in FIGURES}
    for first in range(0, len(cases), BATCH):
        batch = cases[first : first + BATCH]
        photos = torch.stack([case.before for case in batch]).float() / 255
        pictures, texts = photos.clone(), [""] * len(batch)
        for rows, latents, heard in planned(planner, batch) if planner else ():
            for row, text in zip(rows, heard, strict=True):
                texts[row] = text
            if latents is not None:
                with torch.no_grad():
                    pictures[rows] = renderer(photos[rows], latents).clamp(0, 1)
        scores = [round(score, 4) for score in scorer(pictures).tolist()]
        for case, picture, text, score in zip(batch, pictures, texts, scores, strict=True):
            done, wanted = as_bytes(picture), case.after.permute(1, 2, 0).numpy()
            apart, near = round(difference(done, wanted), 2), round(psnr(done, wanted), 2)
            mode, spoilt = case.request.mode, not torch.equal(case.before, case.after)
            tokens = len(planner.tokenizer.ids(text)) if planner else None
            one = {"style": near} if mode == "style" else {"appeal": score, "tokens": tokens}
            if mode == "auto":
                one |= {"psnr": near, "apart": apart} if spoilt else {"moved": apart}
            one["valid"] = int(is_well_formed(text, mode)) if planner else None
            for name, values in found.items():
                values.append(one.get(name))
        answers += texts
    return found, answers


def by_words(planner: Vera, cases: Sequence[Example], answers: Sequence[str]) -> list[float | None]:
    """The PSNR of each case where the planner has to write given answers: what its states make of the same words."""
    words = {seed_of(case): planner.tokenizer.ids(text) for case, text in zip(cases, answers, strict=True)}
    return judge_drawn(planner, cases, lambda request: Forced(words[request.seed]))["psnr"]


def as_trained(planner: Vera, cases: Sequence[Example]) -> dict[str, list[Any]]:
    """Figures of auto cases by answers that are drawn as for training: at temperature 1, from the whole vocabulary."""
    whole = Sampling(temperature=1.0, top_p=1.0, top_k=planner.model.config.vocab_size)
    rows = [row for row, case in enumerate(cases) if case.request.mode == "auto"]
    drawn = judge_drawn(planner, [cases[row] for row in rows], lambda request: Sampled(whole, request.seed))
    found: dict[str, list[Any]] = {}
    for name in ("psnr", "moved", "appeal", "valid"):
        found[f"{name} at 1"] = [None] * len(cases)
        for row, value in zip(rows, drawn[name], strict=True):
            found[f"{name} at 1"][row] = value
    return found


def judge_drawn(planner: Vera, cases: Sequence[Example], sampler: Callable[[Request], Sampler]) -> dict[str, list[Any]]:
    """The figures where tokens are chosen by another sampler than the planner's."""
    own, planner.sampler = planner.sampler, sampler
    try:
        return judge(planner, cases)[0]
    finally:
        planner.sampler = own


def planned(planner: Vera, cases: Sequence[Example]) -> list[tuple[list[int], Any, list[str]]]:
    """Rows with their latents, None where an answer holds no edit, and their answers: all at once, or one by one where
    one of them cannot be used.
    """
    rows = list(range(len(cases)))
    try:
        return [(rows, *answered(planner, cases, rows))]
    except UnusableAnswer:
        made: list[tuple[list[int], Any, list[str]]] = []
        for row in rows:
            try:
                made.append(([row], *answered(planner, [cases[row]], [row])))
            except UnusableAnswer:
                made.append(([row], None, [""]))
        return made


def answered(planner: Vera, cases: Sequence[Example], rows: Sequence[int]) -> tuple[Any, list[str]]:
    """The latents and the answers; what is drawn follows from the photo's name alone."""
    heard = [""] * len(cases)

    def on_text(row: int, piece: str) -> None:
        heard[row] += piece

    photos = [as_photo(read_pixels(case.photo, case.where).permute(1, 2, 0).numpy()) for case in cases]
    requests = [replace(case.request, seed=seed_of(case)) for case in cases]
    return planner.plan(photos, requests, on_text=on_text).latents, heard


def seed_of(case: Example) -> int:
    """A seed by the case's name."""
    return int(hashlib.sha256(Path(case.where).name.encode()).hexdigest()[:15], 16)


def as_bytes(picture: Tensor) -> np.ndarray:
    """(H, W, 3) uint8 of (3, H, W) in [0, 1]."""
    return (picture * 255 + 0.5).byte().permute(1, 2, 0).numpy()


def samples(planner: Vera, folder: Path) -> None:
    """Retouch the sample photos of the documentation into PNG files."""
    from PIL import Image

    folder.mkdir(exist_ok=True)
    retoucher = Retoucher(planner, Renderer(planner.ops))
    for path in sorted((ROOT / "docs" / "samples").glob("*.jpg")):
        done = Photo(as_eight_bit(open_photo(path).resized(SIDE)))
        with suppress(UnusableAnswer):
            done = retoucher(done, seed=1).image
        Image.fromarray(as_eight_bit(done)).save(folder / f"{path.stem}.png")


def as_eight_bit(photo: Photo) -> np.ndarray:
    """Its pixels (H, W, 3) uint8 in sRGB."""
    return (photo.working().clip(0, 1) * 255 + 0.5).astype(np.uint8)
