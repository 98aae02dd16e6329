"""The run: every contestant on every case, and how the planner itself behaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from ...core.errors import InvalidRequest, UnusableAnswer
from ...core.plan.plan import Plan
from ...core.render.retoucher import Retoucher
from ..training.data import eight_bit
from .claims import ReasoningClaim, claims
from .data import Case, Data, Floats, Picture, Pictures
from .learned import learned_metrics
from .metrics import Metric, difference, mean_colour, plain_metrics
from .peers import (
    CONSTANT,
    NOTHING,
    ORACLE,
    ConstantCorrection,
    Peer,
    asked,
    nothing,
    oracle,
    plain_peers,
    stops_between,
)
from .regions import differences, regions_of
from .separation import alone, leakage

_SEEN = 96  # pixels along the long side by which leakage and words are judged

# Good photos that are their own targets: equal pictures have no PSNR worth a mean, so these are reported apart.
UNSPOILT: Final = "unspoilt"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CaseOutcome:
    """What became of one case.

    Attributes:
        part: the case's subset, or UNSPOILT.
        scores: contestant -> metric -> value.
        regions: contestant -> region of the target -> mean CIEDE2000.
        colours: contestant -> the mean a and b of its picture, where scenes have several photos.
        leakage: group -> share, of the groups that moved. claims: what the planner's words say.
        adherence: CIEDE2000 to the target by another case's prompt, less that by the own; in style.
        failure: why the planner gave nothing; its picture is then the photo as it was.
    """

    case: Case
    part: str
    scores: Mapping[str, Mapping[str, float]]
    colours: Mapping[str, tuple[float, float]]
    regions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    leakage: Mapping[str, float] = field(default_factory=dict)
    claims: Sequence[ReasoningClaim] = ()
    adherence: float | None = None
    failure: str = ""


@dataclass(frozen=True)
class Evaluation:
    """A whole run: `unjudged` counts the cases of modes that the planner has not;
    `prompts` of style cases that differ.
    """

    planner: str
    version: str
    data: Data
    metrics: tuple[Metric, ...]
    peers: tuple[Peer, ...]
    outcomes: tuple[CaseOutcome, ...]
    unjudged: Mapping[str, int]
    prompts: int


def evaluate(
    retoucher: Retoucher,
    data: Data,
    *,
    peers: bool = False,
    with_oracle: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> Evaluation:
    """Judge a planner.

    Args:
        peers: judge other corrections beside it; doing nothing always is. with_oracle:
            the best that the ops can do, some seconds a case.

    Raises:
        InvalidRequest: the planner has no mode that a case asks for. UnreadablePhoto, InvalidPhoto:
            a picture of a case.
    """
    origin = retoucher.origin or {}
    name = origin.get("name", retoucher.planner.id)
    modes = retoucher.planner.modes
    cases = [case for case in data.cases if case.subset in modes]
    unjudged: dict[str, int] = {
        subset: sum(case.subset == subset for case in data.cases)
        for subset in dict.fromkeys(case.subset for case in data.cases)
        if subset not in modes
    }
    if not cases:
        raise InvalidRequest(
            f"planner {retoucher.planner.id!r} has none of the modes {', '.join(unjudged)} that the data ask for",
            cure=f"It has {', '.join(sorted(modes))}. Choose other data.",
        )
    metrics = tuple(plain_metrics() + learned_metrics())
    chosen = [Peer(NOTHING, nothing)]
    if peers:
        stops = [stops_between(case.read(data.size)) for case in _told(cases, "measuring", progress)]
        chosen += [Peer(CONSTANT, ConstantCorrection(cases, stops)), *plain_peers()]
    if with_oracle:
        chosen.append(Peer(ORACLE, oracle))
    # A planner that is a peer as well stands there once.
    chosen = [peer for peer in chosen if peer.name != name]
    judge = _Judge(name, retoucher, data.size, metrics, chosen, other_prompts(cases), _several(cases))
    outcomes = tuple(judge(case) for case in _told(cases, "judging", progress))
    prompts = len({case.prompt for case in cases if case.subset == "style"})
    version = origin.get("version", retoucher.planner.version)
    return Evaluation(name, version, data, metrics, tuple(chosen), outcomes, unjudged, prompts)


def other_prompts(cases: Sequence[Case]) -> dict[str, str]:
    """A style case's name -> the prompt of another one, drawn the same way every time;
    none where all ask for the same.
    """
    styled = [case for case in cases if case.subset == "style" and case.prompt is not None]
    rng = np.random.default_rng(0)
    found = {}
    for case in styled:
        others = [other.prompt for other in styled if other.prompt != case.prompt]
        if others:
            found[case.name] = str(others[int(rng.integers(len(others)))])
    return found


@dataclass(frozen=True)
class _Judge:
    """Everything that one case is judged by."""

    name: str
    retoucher: Retoucher
    size: int | None
    metrics: Sequence[Metric]
    peers: Sequence[Peer]
    others: Mapping[str, str]
    scenes: bool

    def __call__(self, case: Case) -> CaseOutcome:
        pictures = case.read(self.size)
        same = case.subset == "auto" and bool((nothing(case, pictures) == pictures.after).all())
        part = UNSPOILT if same else case.subset
        plan, failure = None, ""
        try:
            done, plan = retouched(self.retoucher, case, pictures)
        except UnusableAnswer as error:
            done, failure = nothing(case, pictures), str(error)
        made = {peer.name: peer.retouch(case, pictures) for peer in self.peers if peer.retouch is not None}
        made = {self.name: done} | made
        scores = {name: self._scores(picture, pictures) for name, picture in made.items()}
        colours = {name: mean_colour(picture) for name, picture in made.items()} if self.scenes else {}
        masks = regions_of(pictures.after)
        regions = {name: differences(picture, pictures.after, masks) for name, picture in made.items()}
        if plan is None:
            return CaseOutcome(case, part, scores, colours, regions, failure=failure)
        adherence = self._adherence(case, pictures, done) if case.name in self.others else None
        rgb = _thinned(pictures.before)
        rendered = alone(rgb, plan, self.retoucher.renderer)
        return CaseOutcome(
            case,
            part,
            scores,
            colours,
            regions,
            leakage(rgb, rendered),
            claims(plan.reasoning, rgb, rendered),
            adherence,
        )

    def _scores(self, done: Picture, pictures: Pictures) -> dict[str, float]:
        found = {
            metric.id: metric.of_photo(done, pictures)
            for metric in self.metrics
            if metric.of_photo is not None and not metric.missing
        }
        return {id: value for id, value in found.items() if value is not None}

    def _adherence(self, case: Case, pictures: Pictures, done: Picture) -> float:
        try:
            image = self.retoucher(pictures.before, style=self.others[case.name], engine="exact").image
        except UnusableAnswer:
            image = pictures.before
        return difference(eight_bit(image), pictures.after) - difference(done, pictures.after)


def retouched(retoucher: Retoucher, case: Case, pictures: Pictures) -> tuple[Picture, Plan]:
    """A case's picture by a retoucher, rendered by the ops themselves and rounded to 8 bit, and the plan of it."""
    result = retoucher(pictures.before, engine="exact", **asked(case))
    return eight_bit(result.image), result.plan


def _several(cases: Sequence[Case]) -> bool:
    """Whether scenes have several photos, and scikit-image is there to measure their colours."""
    photos = {case.photo for case in cases}
    return len({case.scene for case in cases}) < len(photos) and find_spec("skimage") is not None


def _thinned(rgb: Floats) -> Tensor:
    """(1, 3, H, W) of at most `_SEEN` pixels a side."""
    tensor = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)[None]))
    scale = min(1.0, _SEEN / max(tensor.shape[2:]))
    height, width = (max(1, round(side * scale)) for side in tensor.shape[2:])
    return nn.functional.adaptive_avg_pool2d(tensor, (height, width))


def _told(cases: Sequence[Case], what: str, progress: Progress) -> Iterator[Case]:
    for count, case in enumerate(cases):
        progress(what, count, len(cases))
        yield case
    progress(what, len(cases), len(cases))
