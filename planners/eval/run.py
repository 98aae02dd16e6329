"""The run: every contestant on every case, and how the planner itself behaves.

Each case is judged for itself, so that others may spread the cases over processes: see `Spread`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import Any, Final, Protocol, TypeVar

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
T = TypeVar("T")


class Spread(Protocol):
    """Spreads work on single cases over processes. What it is given to do can be pickled."""

    def load(self) -> Retoucher:
        """In each of those processes, the retoucher that is judged; itself it does not travel."""

    def __call__(self, what: str, work: Callable[[Case], T], cases: Sequence[Case]) -> Iterable[T]:
        """What comes of each case, in their order; `what` tells of progress."""


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
    spread: Spread | None = None,
) -> Evaluation:
    """Judge a planner.

    Args:
        peers: judge other corrections beside it; doing nothing always is. with_oracle:
            the best that the ops can do, some seconds a case.
        spread: who does the work on cases, this process where None; `progress` is told by this process alone.

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
    spread = spread or _Here(retoucher, progress)
    constant = None
    if peers:
        constant = ConstantCorrection(cases, list(spread("measuring", partial(_stops, size=data.size), cases)))
    contest = _Contest(name, data.size, peers, constant, with_oracle, other_prompts(cases), _several(cases))
    judge = Judge(contest, spread.load)
    outcomes = tuple(spread("judging", judge, cases))
    prompts = len({case.prompt for case in cases if case.subset == "style"})
    version = origin.get("version", retoucher.planner.version)
    return Evaluation(name, version, data, judge.metrics, judge.peers, outcomes, unjudged, prompts)


@dataclass(frozen=True)
class _Here:
    """Works in this process."""

    retoucher: Retoucher
    progress: Progress

    def load(self) -> Retoucher:
        return self.retoucher

    def __call__(self, what: str, work: Callable[[Case], T], cases: Sequence[Case]) -> Iterator[T]:
        for count, case in enumerate(cases):
            self.progress(what, count, len(cases))
            yield work(case)
        self.progress(what, len(cases), len(cases))


def _stops(case: Case, *, size: int | None) -> Any:
    return stops_between(case.read(size))


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
class _Contest:
    """What cases are judged by: data of which each process makes a judge of its own."""

    name: str
    size: int | None
    peers: bool
    constant: ConstantCorrection | None
    oracle: bool
    others: Mapping[str, str]
    scenes: bool

    def contestants(self) -> tuple[Peer, ...]:
        """Those beside the planner; one that is a peer as well stands there once."""
        chosen = [Peer(NOTHING, nothing)]
        if self.peers:
            chosen += [Peer(CONSTANT, self.constant), *plain_peers()]
        if self.oracle:
            chosen.append(Peer(ORACLE, oracle))
        return tuple(peer for peer in chosen if peer.name != self.name)


class Judge:
    """Everything that one case is judged by. Another process that is given it loads what it needs itself."""

    def __init__(self, contest: _Contest, load: Callable[[], Retoucher]) -> None:
        self.contest, self.load = contest, load
        self.retoucher = load()
        self.metrics: tuple[Metric, ...] = (*plain_metrics(), *learned_metrics())
        self.peers = contest.contestants()

    def __reduce__(self) -> tuple[Any, ...]:
        return Judge, (self.contest, self.load)

    def __call__(self, case: Case) -> CaseOutcome:
        pictures = case.read(self.contest.size)
        same = case.subset == "auto" and bool((nothing(case, pictures) == pictures.after).all())
        part = UNSPOILT if same else case.subset
        plan, failure = None, ""
        try:
            done, plan = retouched(self.retoucher, case, pictures)
        except UnusableAnswer as error:
            done, failure = nothing(case, pictures), str(error)
        made = {peer.name: peer.retouch(case, pictures) for peer in self.peers if peer.retouch is not None}
        made = {self.contest.name: done} | made
        scores = {name: self._scores(picture, pictures) for name, picture in made.items()}
        colours = {name: mean_colour(picture) for name, picture in made.items()} if self.contest.scenes else {}
        masks = regions_of(pictures.after)
        regions = {name: differences(picture, pictures.after, masks) for name, picture in made.items()}
        if plan is None:
            return CaseOutcome(case, part, scores, colours, regions, failure=failure)
        adherence = self._adherence(case, pictures, done) if case.name in self.contest.others else None
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
            image = self.retoucher(pictures.before, style=self.contest.others[case.name], engine="exact").image
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
