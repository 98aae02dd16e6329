"""Check that the two engines agree: the op itself, and the look-up table that takes its place in large photos."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import numpy as np
import torch

from ...color.ciede2000 import ciede2000
from ...contract.latents import Latents
from ...contract.schema import Schema
from ...errors import InvalidPhoto
from ...photo import Photo, open_photo
from ...photo.color.encoding import Pixels
from ...render.renderer import Renderer
from ..inputs.specimen import SlotSettings
from ..samples import sample
from ..verdict import advice, raised, shown_by
from . import behaviour, gradients, places
from .gradients import ORDINARY
from .specimen import OpSpecimen

# The renderer's own: the 99th percentile of CIEDE2000 over the photo's pixels.
TOLERANCE = 1.0
PHOTO = "portrait"
# The renderer judges by a sample; the whole photo may be a little off it.
SAMPLED = 1.2
# A fault of these checks lets the engines differ too.
TOLD_ELSEWHERE = (
    behaviour.finite,
    behaviour.batch_independence,
    behaviour.determinism,
    behaviour.inputs_untouched,
    places.pointwise,
    gradients.smoothness,
)


def engines(specimen: OpSpecimen) -> Iterator[str]:
    """A pointwise op renders a photo by a table as by itself; ordinary settings have a table,
    others may say that there is none.
    """
    if not specimen.op.pointwise:
        return
    ordinary = specimen.settings(reach=ORDINARY, draws=0)
    together = [row for row, name in enumerate(ordinary.names) if name.startswith("every slot")]
    drawn = specimen.draw(1, seed=50, reach=0.8, dtype=torch.float32)
    for settings, row, must in (*((ordinary, row, True) for row in together), (drawn, 0, False)):
        try:
            with shown_by(partial(_smallest, specimen, settings, row)):
                said = _disagreement(specimen, settings, row, must=must)
        except InvalidPhoto as error:
            said = advice(
                "a picture by either engine", raised(error), specimen.words(settings, row), "Look at `finite`."
            )
        if said is not None:
            if not any(any(check(specimen)) for check in TOLD_ELSEWHERE):
                yield said
            return


def _smallest(specimen: OpSpecimen, settings: SlotSettings, row: int) -> str:
    where = f"the sample photo {PHOTO!r}, {specimen.words(settings, row)}"
    return specimen.smallest_of(_photo().tensor()[None], settings.row(row), otherwise=where)


def _disagreement(specimen: OpSpecimen, settings: SlotSettings, row: int, *, must: bool) -> str | None:
    renderer, photo = Renderer([specimen.op]), _photo()
    latents = Latents(Schema([specimen.spec]), {specimen.op.id: settings.row(row)})
    by_table, report = renderer.render_reported(photo, latents, engine="lut", tolerance=TOLERANCE)
    where = f"the sample photo {PHOTO!r}, {specimen.words(settings, row)}"
    if report.engine == "lut":
        exact = renderer.render(photo, latents, engine="exact")
        found = _percentile(exact.pixels, by_table.pixels)
        if found > SAMPLED * TOLERANCE:
            return advice(
                f"a picture by table within CIEDE2000 {TOLERANCE:g} of the op's own",
                f"{found:.3g}",
                where,
                "A colour must come out the same alone, in a lattice and in a photo: no sizes, no statistics, no"
                " state.",
            )
    elif must and report.error is not None:  # None at identity, where nothing is rendered
        return advice(
            f"a look-up table within CIEDE2000 {TOLERANCE:g} of the op at {ORDINARY:g} of the bounds",
            f"{report.error:.3g} from the best lattice",
            where,
            "Large photos would take many times as long. Smooth what changes within a sixty-fourth of the range.",
        )
    return None


def _percentile(a: Pixels, b: Pixels) -> float:
    difference = ciede2000(*(torch.from_numpy(pixels / np.float32(255)) for pixels in (a, b)))
    return float(np.percentile(difference.numpy(), 99))


@cache
def _photo() -> Photo:
    return open_photo(sample(PHOTO))
