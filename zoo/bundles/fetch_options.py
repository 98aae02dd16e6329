"""What is asked of a bundle while it is fetched."""

from __future__ import annotations

from dataclasses import dataclass

from .verified import Verify


@dataclass(frozen=True)
class FetchOptions:
    """How a bundle is fetched.

    Attributes:
        variant: which of its variants; None: `torch`, or the only one.
        verify: `always` hashes every file anew, `stamp` those that changed since they were hashed.
        accept_licence: agree to a licence that does not allow commercial use.
        use: the bundle is to be used: its licence has to be agreed to. False: it is only looked at.
        content: SHA-256 of the only content that will do, as `Manifest.content` gives it; compared before any weights
            are fetched.
    """

    variant: str | None = None
    verify: Verify = "stamp"
    accept_licence: bool = False
    use: bool = True
    content: str | None = None
