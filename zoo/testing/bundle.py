"""`check_bundle`: one function that says whether a bundle can be loaded and does what it promises,
and what to do where it does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from ...core.errors import VeraRetouchError
from ...core.testing.verdict import CheckOutcome, advice, chosen, demand, judge
from ..bundles.card import COREML_LOADERS

if TYPE_CHECKING:
    from ...core.render.retoucher import Retoucher
    from ..bundles.bundle import Bundle


@dataclass(frozen=True)
class Delivery:
    """A bundle under test: its name and options, and what comes of them when it is first asked for."""

    name: str
    variant: str | None
    revision: str | None
    accept_licence: bool

    @cached_property
    def bundle(self) -> Bundle:
        """Its files, hashed anew."""
        from ..fetch import fetch

        return fetch(
            self.name,
            variant=self.variant,
            revision=self.revision,
            verify="always",
            accept_licence=self.accept_licence,
        ).check()

    @cached_property
    def retoucher(self) -> Retoucher:
        """What it makes."""
        from ..retouchers import open_bundle

        return open_bundle(self.bundle)

    @property
    def coreml(self) -> dict[str, Any] | None:
        """What bundle.json says of the variant's Core ML packages; None: it is no Core ML variant."""
        found: dict[str, Any] | None = self.bundle.manifest.document["variants"][self.bundle.variant].get("coreml")
        return found


def files(given: Delivery) -> Iterator[str]:
    """The manifest keeps its rules, and every file is what it says, hashed anew."""
    try:
        assert given.bundle
    except VeraRetouchError as error:
        yield str(error)


def planner(given: Delivery) -> Iterator[str]:
    """The planner and the ops that the manifest names are installed, and the planner can be made of the files."""
    if given.coreml is not None:
        return  # `packages` judges it
    try:
        assert given.retoucher
    except VeraRetouchError as error:
        yield str(error)


def licence(given: Delivery) -> Iterator[str]:
    """The licence's text can be read, and a restriction is put in words."""
    terms = given.bundle.manifest.licence
    if terms.file is not None:
        with given.bundle.open(terms.file) as file:
            text = file.read().decode("utf-8", "replace").strip()
        if not text or "\ufffd" in text:
            came = "bytes that are no UTF-8" if text else "nothing"
            yield advice("the licence's text", came, terms.file, "Put the words of the licence there.")
    if not terms.commercial_use and not terms.note and terms.file is None:
        yield advice(
            "words about a licence that forbids commercial use",
            f"{terms.spdx!r} alone",
            "licence",
            "People are asked whether they agree: add a note or the text.",
        )


def latents(given: Delivery) -> Iterator[str]:
    """The manifest's latent schema is the planner's."""
    if given.coreml is not None:
        return
    written, planner = given.bundle.manifest.latents, given.retoucher.planner
    own = getattr(planner, "schema", None)
    if written is None:
        yield advice(
            "a latent schema", "none", "latents", "Without it nobody sees that an op has changed; zoo.pack writes it."
        )
    elif own is not None and own != written:
        yield advice(f"the planner's own schema, {own!r}", repr(written), "latents", "Pack the bundle again.")


def plan(given: Delivery) -> Iterator[str]:
    """A sample photo is retouched in every mode, by a plan that can be saved,
    names the bundle and keeps to the latents.
    """
    if given.coreml is not None:
        return
    from ...core.plan.plan import Plan
    from ...core.testing.planner_checks.bench import PROMPT, PlannerBench

    written, retoucher = given.bundle.manifest.latents, given.retoucher
    trial = PlannerBench(retoucher.planner)
    for mode in trial.modes:
        asked: dict[str, Any] = {}
        if mode == "style":
            asked = {"style": PROMPT}
        elif mode == "param":
            asked = {"params": trial.params}
        elif mode == "reference":
            asked = {"reference": trial.photos[1::-1]}
        result = retoucher(trial.photos[0], **asked)
        made = Plan.load(result.plan.json())
        origin = (made.planner or {}).get("bundle", {})
        if origin.get("name") != given.bundle.manifest.name:
            yield advice("a plan that names its bundle", repr(origin), f"mode {mode}", "Load it by zoo.load.")
        strange = sorted(set(made.edits) - set(written.specs)) if written is not None else []
        if strange:
            yield advice(
                f"edits by {written}", ", ".join(strange), f"mode {mode}", "List every op that the planner edits by."
            )


def packages(given: Delivery) -> Iterator[str]:
    """Each package of a Core ML variant can be opened, and gives its golden values within its tolerance."""
    if given.coreml is None:
        return
    from ..coreml.golden import golden_failures

    yield from golden_failures(given.bundle, given.coreml)


def card(given: Delivery) -> Iterator[str]:
    """The model card, where there is one, names what loads the variant."""
    path = given.bundle.folder / "README.md"
    if not path.is_file():
        return
    words = path.read_text(encoding="utf-8", errors="replace")
    wanted = COREML_LOADERS if given.coreml is not None else ("zoo.load(",)
    missing = [word for word in wanted if word not in words]
    if missing:
        yield advice(
            f"a card that says {', '.join(missing)}",
            "no such words",
            "README.md",
            "zoo.pack and zoo.export write a card.",
        )


BUNDLE_CHECKS: Final = MappingProxyType[str, Callable[[Delivery], Iterator[str]]](
    {
        "files": files,
        "planner": planner,
        "licence": licence,
        "latents": latents,
        "plan": plan,
        "packages": packages,
        "card": card,
    }
)
# Without these there is nothing to go on with.
_NEEDED = ("files", "planner")


def check_bundle(
    name: str | os.PathLike[str],
    *,
    variant: str | None = None,
    revision: str | None = None,
    accept_licence: bool = False,
    only: Collection[str] | None = None,
) -> None:
    """Check a bundle, given as its folder or by any name that the zoo loads.

    First its manifest and the hash of every file, stamps or not (`files`), then whether the installed planner can be
    made of it (`planner`); then, whatever the others found: its `licence`, its `latents`, and a `plan` of a sample
    photo in every mode. Of a Core ML variant, `packages` compares what each package gives with its golden values
    instead. The model `card` has to name what loads the variant.

    Args:
        variant, revision, accept_licence: as in `zoo.load`.
        only: the names of the checks to run; all by default.

    Raises:
        ConformanceError: one failure a broken promise: what was expected, what came, and what usually helps.
        UnknownCheck: no check has a name in `only`.
    """
    place = _place(name)
    outcomes = bundle_outcomes(place, variant=variant, revision=revision, accept_licence=accept_licence, only=only)
    demand(f"bundle {place!r}", outcomes)


def bundle_outcomes(
    name: str | os.PathLike[str],
    *,
    variant: str | None = None,
    revision: str | None = None,
    accept_licence: bool = False,
    only: Collection[str] | None = None,
) -> Iterator[CheckOutcome]:
    """The same, check by check, each as soon as it is done;
    it ends where the files or the planner are not there to go on with.
    """
    given = Delivery(_place(name), variant, revision, accept_licence)
    for check in chosen(BUNDLE_CHECKS, only):
        outcome = judge(check, BUNDLE_CHECKS[check], given, "bundle")
        yield outcome
        if check in _NEEDED and not outcome.passed:
            return


def _place(name: str | os.PathLike[str]) -> str:
    """A path is a folder, even where the text alone could be a bundle's name."""
    return name if isinstance(name, str) else os.path.abspath(name)
