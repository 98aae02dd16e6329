"""One hierarchy of errors. Each message says what was wrong with its value, the rule, and the cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class VeraRetouchError(Exception):
    """Something veraretouch refuses to do. Catch this to catch all of them."""

    def __init__(self, problem: str, *, cure: str = "") -> None:
        self.problem = problem
        self.cure = cure
        super().__init__(f"{problem}. {cure}" if cure else problem)


class InvalidSlot(VeraRetouchError):
    """A slot is declared in a way that no latent could satisfy."""


class InvalidOp(VeraRetouchError):
    """An op class breaks the contract of `Op`."""


class InvalidArea(VeraRetouchError):
    """An area class breaks the contract of `Area`."""


class InvalidReward(VeraRetouchError):
    """A reward class breaks the contract of `Reward`, or what it gave is no score."""


class InvalidSchema(VeraRetouchError):
    """A schema cannot be made from these ops, or a schema document does not fit them."""


class InvalidLatents(VeraRetouchError):
    """Latents do not fit the schema: unknown op or slot, wrong shape, dtype or device."""


class OutOfBounds(InvalidLatents):
    """A value lies outside the bounds its slot declares."""


class InvalidDocument(VeraRetouchError):
    """A file or document breaks its JSON Schema. `path` says where."""

    def __init__(self, problem: str, *, path: str = "", cure: str = "") -> None:
        self.path = path
        super().__init__(f"{path}: {problem}" if path else problem, cure=cure)


class InvalidPlan(InvalidDocument):
    """A plan cannot be read or does not fit the ops installed here."""


class InvalidRequest(VeraRetouchError):
    """A request asks for two modes at once, for none that the planner has, or for an unknown group."""


class UnknownPlugin(VeraRetouchError):
    """No installed distribution provides a plugin of this id."""


class PluginCollision(VeraRetouchError):
    """Two distributions claim the same plugin id."""


class BrokenPlugin(VeraRetouchError):
    """A plugin is installed but cannot be imported or breaks its contract."""


class BlockedPlugin(VeraRetouchError):
    """A plugin is installed but the block or allow list keeps it out."""


class IncompatiblePlugin(VeraRetouchError):
    """A plugin was written for another version of the plugin contract, or of an op, than is here."""


class DeprecatedPlugin(DeprecationWarning):
    """A plugin is named by an old id, or its author wants it replaced by another."""


class InvalidPhoto(VeraRetouchError):
    """Something given as a photo is not one: wrong type, shape, dtype or range."""


class UnreadablePhoto(VeraRetouchError):
    """A photo file is missing, truncated, of an unknown format or not a photo at all."""


class PhotoTooLarge(UnreadablePhoto):
    """A photo's header announces more pixels than the limit allows."""


class UnwritablePhoto(VeraRetouchError):
    """A photo cannot be written to this place or in this form."""


class MissingExtra(VeraRetouchError):
    """An optional package that this file or feature needs is not installed."""


class UnknownBundle(VeraRetouchError):
    """No bundle of this name, or no variant of this name in a bundle, is known."""


class TamperedBundle(VeraRetouchError):
    """A file of a bundle is not what its manifest says: missing, cut short, changed, or one too many."""


class UnreachableBundle(VeraRetouchError):
    """A bundle could not be fetched or written: no network, no permission, no space."""


class UnreachableServer(VeraRetouchError):
    """The resident process that `--via` names does not answer, or not as one does."""


class UntrustedBundle(VeraRetouchError):
    """A plan names a bundle that no index lists and that the user has neither allowed nor fetched."""


class LicenceNotAccepted(VeraRetouchError):
    """The weights' licence asks for consent that was not given."""


class IncompatibleBundle(VeraRetouchError):
    """A bundle was made for ops or a planner that this installation does not have."""


class UnusableAnswer(VeraRetouchError):
    """A planner's model answered, and nothing in the answer can be turned into an edit."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest of the known names, or an empty string.

    >>> nearest("exposre", ["exposure", "contrast"])
    " Did you mean 'exposure'?"
    """
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {matches[0]!r}?" if matches else ""


class ForkedProcess(VeraRetouchError):
    """A process that was forked after veraretouch had rendered would wait for threads that it does not have."""
