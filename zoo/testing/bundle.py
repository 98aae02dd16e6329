"""`check_bundle`: one function that says whether a bundle can be loaded and does what it promises, and what to do where it does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from ...core.errors import VeraRetouchError
from ...core.testing.verdict import ConformanceError, Failure, advice, findings

if TYPE_CHECKING:
    from ...core.retoucher import Retoucher
    from ..bundle import Bundle


@dataclass(frozen=True)
class Loaded:
    """A bundle under test, whose files are what its manifest says, and what it makes."""

    bundle: Bundle
    retoucher: Retoucher


def licence(loaded: Loaded) -> Iterator[str]:
    """The licence's text can be read, and a restriction is put in words."""
    terms = loaded.bundle.manifest.licence
    if terms.file is not None:
        with loaded.bundle.open(terms.file) as file:
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


def latents(loaded: Loaded) -> Iterator[str]:
    """The manifest's latent schema is the planner's."""
    written, planner = loaded.bundle.manifest.latents, loaded.retoucher.planner
    own = getattr(planner, "schema", None)
    if written is None:
        yield advice(
            "a latent schema", "none", "latents", "Without it nobody sees that an op has changed; zoo.pack writes it."
        )
    elif own is not None and own != written:
        yield advice(f"the planner's own schema, {own!r}", repr(written), "latents", "Pack the bundle again.")


def plan(loaded: Loaded) -> Iterator[str]:
    """A sample photo is retouched in every mode, by a plan that can be saved, names the bundle and keeps to the latents."""
    from ...core.plan import Plan
    from ...core.testing.proposals import PROMPT, Trial

    written, retoucher = loaded.bundle.manifest.latents, loaded.retoucher
    trial = Trial(retoucher.planner)
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
        if origin.get("name") != loaded.bundle.manifest.name:
            yield advice("a plan that names its bundle", repr(origin), f"mode {mode}", "Load it by zoo.load.")
        strange = sorted(set(made.edits) - set(written.specs)) if written is not None else []
        if strange:
            yield advice(
                f"edits by {written}", ", ".join(strange), f"mode {mode}", "List every op that the planner edits by."
            )


BUNDLE_CHECKS: Final = MappingProxyType[str, Callable[[Loaded], Iterator[str]]](
    {"licence": licence, "latents": latents, "plan": plan}
)


def check_bundle(
    name: str | os.PathLike[str],
    *,
    variant: str | None = None,
    revision: str | None = None,
    accept_license: bool = False,
) -> None:
    """Check a bundle, given as its folder or by any name that the zoo loads.

    First its manifest and the hash of every file, stamps or not (`files`), then whether the installed planner can be made of it
    (`planner`); then, whatever the others found: its `licence`, its `latents`, and a `plan` of a sample photo in every mode.

    Args:
        variant, revision, accept_license: as in `zoo.load`.

    Raises:
        ConformanceError: one failure a broken promise: what was expected, what came, and what usually helps.
    """
    from ..fetch import fetch
    from ..retouchers import open_bundle

    subject, step = f"bundle {os.fspath(name)!r}", "files"
    try:
        bundle = fetch(
            os.fspath(name), variant=variant, revision=revision, verify="always", accept_license=accept_license
        ).check()
        step = "planner"
        loaded = Loaded(bundle, open_bundle(bundle))
    except VeraRetouchError as error:
        raise ConformanceError(subject, [Failure(step, str(error))]) from error
    failures = [
        Failure(check, said) for check, judge in BUNDLE_CHECKS.items() for said in findings(judge, loaded, "bundle")
    ]
    if failures:
        raise ConformanceError(subject, failures)
