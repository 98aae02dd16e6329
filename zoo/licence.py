"""Consent to licences that restrict use: asked once, remembered by the hash of the licence."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_data_path

from ..core.atomic_write import new_file
from ..core.errors import LicenceNotAccepted
from .bundles.bundle import Bundle
from .bundles.fetch_options import FetchOptions
from .bundles.manifest import Licence

ACCEPT_VARIABLE = "VERARETOUCH_ACCEPT_LICENCE"


def require_consent(name: str, licence: Licence, text: bytes = b"", *, accept: bool = False) -> None:
    """Go on if the licence allows commercial use, or someone has agreed to these very words.

    Args:
        text: the licence's own text, where the bundle brings one.
        accept: the caller agrees; it is remembered.

    Raises:
        LicenceNotAccepted
    """
    if licence.commercial_use:
        return
    words = json.dumps([licence.spdx, licence.note]).encode() + text
    place = user_data_path("veraretouch") / "licences" / f"{hashlib.sha256(words).hexdigest()}.json"
    if place.exists():
        return
    if accept or os.environ.get(ACCEPT_VARIABLE, "").lower() in ("1", "yes", "true"):
        _remember(place, name, licence)
        return
    note = f" {licence.note}" if licence.note else ""
    raise LicenceNotAccepted(
        f"the weights of {name!r} are under the licence {licence.spdx!r}, "
        f"which does not allow commercial use.{note}".rstrip("."),
        cure=f"If you agree: --accept-licence, accept_licence=True, or {ACCEPT_VARIABLE}=1",
    )


def require_consent_to(bundle: Bundle, options: FetchOptions) -> None:
    """The same for a bundle that is to be used; one that is only looked at needs no consent.

    Raises:
        LicenceNotAccepted. TamperedBundle: the licence's text is not what bundle.json says.
    """
    if not options.use:
        return
    licence, text = bundle.manifest.licence, b""
    if licence.file is not None:
        with bundle.open(licence.file) as opened:
            text = opened.read()
    require_consent(bundle.manifest.name, licence, text, accept=options.accept_licence)


def _remember(place: Path, name: str, licence: Licence) -> None:
    """Where nothing can be written, consent has to be given again."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with new_file(place) as file:
            file.write(json.dumps({"bundle": name, "spdx": licence.spdx, "note": licence.note}).encode())
